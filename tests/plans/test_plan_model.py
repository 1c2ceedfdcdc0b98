"""The life of a plan, in the model alone: every path hypothesis finds keeps the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.chassis.errors import Refusal
from services.plans.model.plan import AnnualPlan
from services.plans.model.plan_content import PlanContent
from services.plans.model.plan_state import (
    ALLOWED,
    APPROVED,
    NotTheReviewer,
    PlanHasTasks,
    PlanState,
    PlanStateForbids,
    ReviewerIsAuthor,
)
from services.plans.model.plan_task import PlanTask, TaskStatus

NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
PEOPLE = st.sampled_from(["an", "bo", "chi", "du"])
TASKS = st.sampled_from(["t1", "t2", "t3"])


def plan(state: PlanState = PlanState.DRAFT, **more: Any) -> AnnualPlan:
    given: dict[str, Any] = {"reviewer_id": "li" if state is not PlanState.DRAFT else "", "authors": ("an",)}
    number = "渝司专查计划〔2025〕1号"
    return AnnualPlan(plan_id="p", authority_id="a", year=2025, number=number, state=state, **(given | more))


def state_of(it: AnnualPlan) -> PlanState:
    return it.state


def formal(id: str, status: TaskStatus = TaskStatus.OPEN) -> PlanTask:
    return PlanTask(id, status, is_formal=True, number=id)


class LifeOfAPlan(RuleBasedStateMachine):
    """Anybody tries anything at any time; beside the plan runs the shortest model of it that can be written."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = plan(authors=("an",))
        self.seen = self.plan.version
        self.tasks: dict[str, tuple[bool | None, TaskStatus]] = {}
        self.authors = {"an"}

    @rule(by=PEOPLE)
    def edit(self, by: str) -> None:
        allowed = self._in("edit") and not self._resting()
        if self._tried(allowed, lambda: self.plan.edit(PlanContent(name=by), by=by)):
            self.authors.add(by)
            assert self.plan.name == by

    @rule(by=PEOPLE, reviewer=PEOPLE)
    def submit(self, by: str, reviewer: str) -> None:
        allowed = self._in("submit") and reviewer not in self.authors | {by}
        if self._tried(allowed, lambda: self.plan.submit(reviewer, by=by, now=NOW)):
            self.authors.add(by)
            assert self.plan.state is PlanState.PENDING_REVIEW

    @rule(by=PEOPLE)
    def withdraw(self, by: str) -> None:
        allowed = self._in("withdraw") and not (self.plan.state is PlanState.PENDING_EXECUTION and self._resting())
        if self._tried(allowed, lambda: self.plan.withdraw(by=by)):
            self.authors.add(by)
            assert self.plan.state is PlanState.DRAFT
            assert not self.plan.reviewer_id

    @rule(by=PEOPLE)
    def approve(self, by: str) -> None:
        allowed = self._in("approve") and by == self.plan.reviewer_id
        if self._tried(allowed, lambda: self.plan.approve(by=by, now=NOW)):
            assert self.plan.state in APPROVED

    @rule(by=PEOPLE)
    def reject(self, by: str) -> None:
        allowed = self._in("reject") and by == self.plan.reviewer_id
        if self._tried(allowed, lambda: self.plan.reject("超期", by=by, now=NOW)):
            assert self.plan.state is PlanState.REJECTED

    @rule(task=TASKS, status=st.sampled_from(TaskStatus), formal=st.sampled_from([True, False, None]))
    def hear_of_a_task(self, task: str, status: TaskStatus, formal: bool | None) -> None:
        was_formal, was = self.tasks.get(task, (None, TaskStatus.OPEN))
        order = list(TaskStatus)
        self.tasks[task] = (formal if was_formal is None else was_formal, max(was, status, key=order.index))
        self.plan.learn(PlanTask(task, status, is_formal=formal))
        self.seen = self.plan.version

    @precondition(lambda self: self.plan.state in APPROVED)
    @invariant()
    def an_approved_plan_stands_where_its_tasks_put_it(self) -> None:
        counting = [s for is_formal, s in self.tasks.values() if is_formal and order_of(s) < 2]
        done = [s for s in counting if s is TaskStatus.COMPLETED]
        expected = PlanState.EXECUTING
        if not counting:
            expected = PlanState.PENDING_EXECUTION
        elif len(done) == len(counting):
            expected = PlanState.COMPLETED
        assert self.plan.state is expected
        assert (self.plan.task_count, self.plan.completed_task_count) == (len(counting), len(done))

    @invariant()
    def nobody_reviews_what_he_wrote(self) -> None:
        assert set(self.plan.authors) == self.authors
        if self.plan.state is not PlanState.REJECTED:  # whoever rejected it may mend it, and reviews it no more
            assert self.plan.reviewer_id not in self.authors

    @invariant()
    def a_plan_in_its_planners_hands_is_with_no_reviewer(self) -> None:
        if self.plan.state is PlanState.DRAFT:
            assert not self.plan.reviewer_id

    def _in(self, action: str) -> bool:
        return self.plan.state in ALLOWED[action]

    def _resting(self) -> bool:
        return any(order_of(status) < 2 for _, status in self.tasks.values())

    def _tried(self, allowed: bool, act: Callable[[], object]) -> bool:
        before = dict(vars(self.plan))
        try:
            act()
        except Refusal:
            assert not allowed
            assert vars(self.plan) == before
            return False
        assert allowed
        assert self.plan.version == self.seen + 1
        self.seen = self.plan.version
        return True


def order_of(status: TaskStatus) -> int:
    return list(TaskStatus).index(status)


TestLifeOfAPlan = LifeOfAPlan.TestCase


@pytest.mark.parametrize("state", [s for s in PlanState if s not in ALLOWED["edit"]])
def test_a_plan_out_of_its_planners_hands_cannot_be_edited_and_says_what_can(state: PlanState) -> None:
    with pytest.raises(PlanStateForbids) as refusal:
        plan(state).edit(PlanContent(), by="an")
    assert refusal.value.metadata["state"] == state
    assert state.word in refusal.value.zh
    assert set(refusal.value.metadata["possible"].split(",")) == {a for a, states in ALLOWED.items() if state in states}


def test_a_draft_with_a_task_can_be_neither_edited_nor_deleted() -> None:
    drafted = plan()
    drafted.learn(formal("t1"))
    with pytest.raises(PlanHasTasks):
        drafted.edit(PlanContent(), by="an")
    with pytest.raises(PlanHasTasks):
        drafted.delete(by="an", now=NOW)
    assert drafted.state is PlanState.DRAFT


def test_a_test_task_holds_a_plan_but_does_not_move_it() -> None:
    waiting = plan(PlanState.PENDING_EXECUTION)
    waiting.learn(PlanTask("t1", is_formal=False))
    assert state_of(waiting) is PlanState.PENDING_EXECUTION
    with pytest.raises(PlanHasTasks):
        waiting.withdraw(by="an")
    waiting.learn(PlanTask("t1", TaskStatus.PURGED))
    waiting.withdraw(by="an")
    assert state_of(waiting) is PlanState.DRAFT


def test_whoever_edited_a_plan_cannot_be_its_reviewer() -> None:
    edited = plan()
    edited.edit(PlanContent(name="改"), by="bo")
    with pytest.raises(ReviewerIsAuthor):
        edited.submit("bo", by="an", now=NOW)


def test_only_the_named_reviewer_decides() -> None:
    pending = plan(PlanState.PENDING_REVIEW)
    with pytest.raises(NotTheReviewer):
        pending.approve(by="bo", now=NOW)
    with pytest.raises(NotTheReviewer):
        pending.reject("不行", by="an", now=NOW)


def test_a_completion_that_comes_before_its_task_is_not_lost() -> None:
    waiting = plan(PlanState.PENDING_EXECUTION)
    waiting.learn(PlanTask("t1", TaskStatus.COMPLETED))
    assert state_of(waiting) is PlanState.PENDING_EXECUTION
    waiting.learn(formal("t1"))
    assert state_of(waiting) is PlanState.COMPLETED


def test_a_purged_task_does_not_come_back_when_its_creation_arrives_late() -> None:
    waiting = plan(PlanState.PENDING_EXECUTION)
    waiting.learn(PlanTask("t1", TaskStatus.PURGED))
    waiting.learn(formal("t1"))
    assert state_of(waiting) is PlanState.PENDING_EXECUTION
    assert waiting.task_count == 0


def test_hearing_the_same_again_changes_nothing() -> None:
    waiting = plan(PlanState.PENDING_EXECUTION)
    assert waiting.learn(formal("t1"))
    version = waiting.version
    assert not waiting.learn(formal("t1"))
    assert waiting.version == version


def test_a_withdrawn_plan_with_a_task_in_flight_executes_as_soon_as_it_is_approved_again() -> None:
    again = plan()
    again.learn(formal("t1"))
    again.submit("li", by="an", now=NOW)
    again.approve(by="li", now=NOW)
    assert again.state is PlanState.EXECUTING


@pytest.mark.parametrize("state", PlanState)
def test_who_may_know_of_a_plan(state: PlanState) -> None:
    it = plan(state)
    is_out = state in APPROVED
    assert it.is_known_to("x", "a", {"planner"})
    assert it.is_known_to("x", "a", {"reviewer"}) is is_out
    assert it.is_known_to("x", "a", {"task_manager"}) is is_out
    assert it.is_known_to("li", "a", {"reviewer"}) is (state is not PlanState.DRAFT)
    assert not it.is_known_to("li", "another", {"reviewer"})
    assert not it.is_known_to("x", "another", {"planner"})
    assert it.is_known_to("x", "", {"supervisor"}) is is_out
    assert not it.is_known_to("x", "", {"enterprise"})
