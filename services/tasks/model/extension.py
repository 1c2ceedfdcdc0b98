"""任务延期: a task gets another last day, later than the one it has; who has an approved scheme asks the head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, InvalidArgument, malformed, required


class ExtensionState(StrEnum):
    """Where an extension stands."""

    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class ExtensionWaits(FailedPrecondition):
    """One extension at a time is decided."""

    def __init__(self, ends_on: date) -> None:
        super().__init__(
            f"延期至 {ends_on} 的申请尚待主要负责人审批，请等待批准或驳回后再申请",
            f"an extension to {ends_on} waits for the head; ask again when it is decided",
            ends_on=ends_on,
        )


class NoExtensionWaits(FailedPrecondition):
    """What nobody asked for is not decided."""

    def __init__(self) -> None:
        super().__init__("没有待审批的延期申请", "no extension waits to be decided")


@dataclass(frozen=True)
class Extension:
    """A later last day, asked for and decided; one that needs no approval is approved from the start."""

    state: ExtensionState
    ends_on: date
    before: date
    reason: str
    requested_by: str
    requested_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    decision_reason: str = ""

    def check(self, present: date, counted_in: int, plan_ends_on: date | None, today: date) -> None:
        """Refuse a last day that is not later, is over, or lies where the task may not go.

        A visit is counted in the year in which its task begins (TJ 10), so a task goes into no other year.

        Args:
            present: the last day of the task, which may have been changed since this was asked for.
            counted_in: the year of the task's first day.
            plan_ends_on: last day of its plan; None: it has none.
        """
        if not self.reason.strip():
            raise InvalidArgument(required("reason"))
        if self.ends_on <= present:
            raise _refused("LATER", f"延期后的结束日期须晚于现结束日期（{present}）", f"later than {present}")
        if self.ends_on < today:
            raise _refused("PAST", "延期后的结束日期不能早于今天", "today or later")
        if self.ends_on.year > counted_in:
            zh = f"检查频次按年度计算，任务不能延期至 {counted_in} 年之后；请于次年另行创建任务"
            raise _refused("YEAR", zh, f"within {counted_in}, in which its visits are counted")
        if plan_ends_on is not None and self.ends_on > plan_ends_on:
            raise _refused(
                "PLAN_PERIOD", f"任务期限须在计划期限内（至 {plan_ends_on}）", f"by {plan_ends_on}, when its plan ends"
            )


def _refused(rule: str, zh: str, en: str) -> InvalidArgument:
    return malformed("ends_on", rule, zh, f"ends_on must be {en}")
