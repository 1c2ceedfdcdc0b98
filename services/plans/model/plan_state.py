"""Where a plan stands, what that allows, and what is said to those who ask for more."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, PermissionDenied


class PlanState(StrEnum):
    """Where a plan stands."""

    DRAFT = "DRAFT"
    PENDING_REVIEW = "PENDING_REVIEW"
    REJECTED = "REJECTED"
    PENDING_EXECUTION = "PENDING_EXECUTION"
    EXECUTING = "EXECUTING"
    COMPLETED = "COMPLETED"

    @property
    def word(self) -> str:
        """As the pages show it."""
        return _STATE_WORDS[self]


APPROVED = frozenset({PlanState.PENDING_EXECUTION, PlanState.EXECUTING, PlanState.COMPLETED})
OVERSEERS = frozenset({"supervisor", "administrator"})
UNDER_WAY = frozenset({PlanState.DRAFT, PlanState.REJECTED})

_STATE_WORDS = {
    PlanState.DRAFT: "暂存",
    PlanState.PENDING_REVIEW: "待审核",
    PlanState.REJECTED: "已拒绝",
    PlanState.PENDING_EXECUTION: "待执行",
    PlanState.EXECUTING: "执行中",
    PlanState.COMPLETED: "已完成",
}
_ACTION_WORDS = {
    "edit": "修改",
    "delete": "删除",
    "submit": "提交审核",
    "withdraw": "撤回审核",
    "approve": "通过",
    "reject": "拒绝",
    "answer": "确认接收",
}
ALLOWED: dict[str, frozenset[PlanState]] = {
    "edit": UNDER_WAY,
    "delete": UNDER_WAY,
    "submit": UNDER_WAY,
    "withdraw": frozenset({PlanState.PENDING_REVIEW, PlanState.PENDING_EXECUTION}),
    "approve": frozenset({PlanState.PENDING_REVIEW}),
    "reject": frozenset({PlanState.PENDING_REVIEW}),
    "answer": APPROVED,
}


ROLES: dict[str, frozenset[str]] = {
    "edit": frozenset({"planner"}),
    "delete": frozenset({"planner"}),
    "submit": frozenset({"planner"}),
    "withdraw": frozenset({"planner"}),
    "approve": frozenset({"reviewer"}),
    "reject": frozenset({"reviewer"}),
    "answer": frozenset({"planner", "task_manager"}),
}


class PlanStateForbids(FailedPrecondition):
    """The plan's state does not allow it; says what it allows."""

    def __init__(self, state: PlanState, action: str) -> None:
        possible = [name for name, states in ALLOWED.items() if state in states]
        words = "、".join(_ACTION_WORDS[name] for name in possible)
        super().__init__(
            f"计划当前状态为“{state.word}”，不能{_ACTION_WORDS[action]}；当前可以：{words}",
            f"the plan is {state}: {action} is not possible; possible: {', '.join(possible)}",
            state=state,
            possible=",".join(possible),
        )


class PlanHasTasks(FailedPrecondition):
    """Tasks rest on the plan, so it stands."""

    def __init__(self, state: PlanState, numbers: Collection[str]) -> None:
        super().__init__(
            f"计划（{state.word}）已创建任务（{'、'.join(numbers)}），不能再撤回、修改或删除",
            f"tasks rest on the plan ({', '.join(numbers)}): it can no longer be withdrawn, edited or deleted",
            state=state,
            possible="answer" if state in APPROVED else "",
        )


class ReviewerIsAuthor(FailedPrecondition):
    """Nobody reviews what he wrote: the reviewer is none of the plan's authors."""

    def __init__(self, reviewer_id: str) -> None:
        super().__init__(
            f"审核人（{reviewer_id}）不能是计划的制定人，请另选审核人",
            f"{reviewer_id!r} wrote this plan and cannot review it; name somebody else",
            reviewer_id=reviewer_id,
        )


class NotTheReviewer(PermissionDenied):
    """Only the reviewer whom the plan was submitted to may review it."""

    def __init__(self) -> None:
        super().__init__(
            "只有提交时指定的审核人才能审核该计划", "only the reviewer named on submission may review this plan"
        )
