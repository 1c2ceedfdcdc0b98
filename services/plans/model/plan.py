"""Annual plans: written by one, reviewed by another, distributed, and carried out by tasks (CQ 附件1, 1).

DRAFT ─submit→ PENDING_REVIEW ─approve→ PENDING_EXECUTION ─first task→ EXECUTING ─all tasks done→ COMPLETED
  ↑ ↖────────withdraw──┘ │   ↖───withdraw (no task)──┘
  └──── edit, submit ── REJECTED
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.plans.model.plan_content import PlanContent
from services.plans.model.plan_state import (
    ALLOWED,
    APPROVED,
    OVERSEERS,
    ROLES,
    NotTheReviewer,
    PlanHasTasks,
    PlanState,
    PlanStateForbids,
    ReviewerIsAuthor,
)
from services.plans.model.plan_task import PlanTask, TaskStatus
from services.plans.model.receipt import Answer
from services.plans.model.values import restate


@dataclass(eq=False, kw_only=True)
class AnnualPlan(PlanContent):
    """An annual plan (年度计划).

    Args:
        authors: everybody who wrote, edited or submitted it; none of them may review it.
        round: how often it was approved; receipts belong to a round.
        tasks: the tasks that announced themselves as its own.
        deleted_at: when it left the lists; it is kept.
    """

    plan_id: str
    authority_id: str
    year: int
    number: str
    state: PlanState = PlanState.DRAFT
    authors: tuple[str, ...] = ()
    reviewer_id: str = ""
    submitted_at: datetime | None = None
    reviewed_at: datetime | None = None
    rejection_reason: str = ""
    round: int = 0
    tasks: tuple[PlanTask, ...] = ()
    deleted_at: datetime | None = None
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def edit(self, content: PlanContent, *, by: str) -> None:
        """Take new content.

        Raises:
            PlanStateForbids: it is not in its planners' hands.
            PlanHasTasks: tasks rest on it.
        """
        self._allow("edit")
        self._require_no_task()
        restate(self, content)
        self._signed(by)

    def delete(self, *, by: str, now: datetime) -> None:
        """Leave the lists.

        Raises:
            PlanStateForbids: it is not in its planners' hands.
            PlanHasTasks: tasks rest on it.
        """
        self._allow("delete")
        self._require_no_task()
        self.deleted_at = now
        self._signed(by)

    def submit(self, reviewer_id: str, *, by: str, now: datetime) -> None:
        """Hand it to a reviewer.

        Raises:
            PlanStateForbids: it is with a reviewer or approved already.
            ReviewerIsAuthor: the reviewer had a hand in it.
        """
        self._allow("submit")
        if reviewer_id in (*self.authors, by):
            raise ReviewerIsAuthor(reviewer_id)
        self._signed(by)
        self.state, self.reviewer_id, self.submitted_at = PlanState.PENDING_REVIEW, reviewer_id, now
        self.reviewed_at, self.rejection_reason = None, ""

    def withdraw(self, *, by: str) -> None:
        """Take it back, from the reviewer or, while no task exists, from those it was sent to.

        Raises:
            PlanStateForbids: there is nothing to take back, or it is being carried out.
            PlanHasTasks: a test task rests on it.
        """
        self._allow("withdraw")
        if self.state is PlanState.PENDING_EXECUTION:
            self._require_no_task()
        self._signed(by)
        self.state, self.reviewer_id, self.submitted_at, self.reviewed_at = PlanState.DRAFT, "", None, None

    def approve(self, *, by: str, now: datetime) -> None:
        """Release it to those in its scope.

        Raises:
            PlanStateForbids: it is not under review.
            NotTheReviewer: somebody else was named.
        """
        self._review("approve", by, now)
        self.state = PlanState.PENDING_EXECUTION
        self.round += 1
        self._follow_tasks()

    def reject(self, reason: str, *, by: str, now: datetime) -> None:
        """Send it back to its planners.

        Raises:
            PlanStateForbids: it is not under review.
            NotTheReviewer: somebody else was named.
        """
        self._review("reject", by, now)
        self.state, self.rejection_reason = PlanState.REJECTED, reason

    def require_answerable(self) -> None:
        """Refuse an answer to a plan that is not approved.

        Raises:
            PlanStateForbids: it is not.
        """
        self._allow("answer")

    def learn(self, news: PlanTask) -> bool:
        """Take in what is known of a task, in any order; False if it says nothing new."""
        known = {task.task_id: task for task in self.tasks}
        before = known.get(news.task_id)
        known[news.task_id] = before.merged(news) if before else news
        if known[news.task_id] == before:
            return False
        self.tasks = tuple(known.values())
        self.version += 1
        self._follow_tasks()
        return True

    @property
    def counting_tasks(self) -> tuple[PlanTask, ...]:
        """The tasks that move it: neither tests nor called off."""
        return tuple(task for task in self.tasks if task.counts)

    @property
    def task_count(self) -> int:
        """How many tasks count for it."""
        return len(self.counting_tasks)

    @property
    def completed_task_count(self) -> int:
        """How many of these are completed."""
        return sum(task.status is TaskStatus.COMPLETED for task in self.counting_tasks)

    def is_known_to(self, subject: str, authority_id: str, roles: Collection[str]) -> bool:
        """Whether somebody may know of it who was not sent it.

        Until it is approved these are the planners of its authority and the reviewer it was submitted to.
        """
        if self.state in APPROVED and not OVERSEERS.isdisjoint(roles):
            return True
        is_party = self.state in APPROVED or "planner" in roles or subject == self.reviewer_id
        return authority_id == self.authority_id and is_party

    def possible_for(
        self, subject: str, authority_id: str, roles: Collection[str], answer: Answer | None
    ) -> tuple[str, ...]:
        """What somebody may do with it as it stands (操作).

        Args:
            answer: what stands for their authority, if it was sent the plan.
        """
        is_own = authority_id == self.authority_id
        reviews = is_own and subject == self.reviewer_id
        is_party = {"approve": reviews, "reject": reviews, "answer": answer in (Answer.PENDING, Answer.UNABLE)}
        return tuple(
            action
            for action in ALLOWED
            if self._is_open(action) and is_party.get(action, is_own) and not ROLES[action].isdisjoint(roles)
        )

    def _is_open(self, action: str) -> bool:
        is_held = any(task.is_there for task in self.tasks)
        rests = action in ("edit", "delete") or (action == "withdraw" and self.state is PlanState.PENDING_EXECUTION)
        return self.state in ALLOWED[action] and not (rests and is_held)

    def _review(self, action: str, by: str, now: datetime) -> None:
        self._allow(action)
        if by != self.reviewer_id or by in self.authors:
            raise NotTheReviewer
        self.reviewed_at = now
        self.version += 1

    def _allow(self, action: str) -> None:
        if self.state not in ALLOWED[action]:
            raise PlanStateForbids(self.state, action)

    def _require_no_task(self) -> None:
        numbers = [task.number or task.task_id for task in self.tasks if task.is_there]
        if numbers:
            raise PlanHasTasks(self.state, numbers)

    def _signed(self, by: str) -> None:
        self.authors = self.authors if by in self.authors else (*self.authors, by)
        self.version += 1

    def _follow_tasks(self) -> None:
        if self.state not in APPROVED:
            return
        if not self.counting_tasks:
            self.state = PlanState.PENDING_EXECUTION
        elif self.completed_task_count == self.task_count:
            self.state = PlanState.COMPLETED
        else:
            self.state = PlanState.EXECUTING


@dataclass(eq=False, kw_only=True)
class PlanStep:
    """One step in the life of a plan; never changed."""

    step_id: str
    plan_id: str
    at: datetime
    by: str
    by_name: str
    action: str
    state: PlanState
    note: str = ""


def plan_number(short_name: str, year: int, count: int) -> str:
    """A plan's number as documents carry it: `渝司专查计划〔2025〕1号`."""
    return f"{short_name}专查计划〔{year}〕{count}号"
