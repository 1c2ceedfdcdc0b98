"""Results of visits that other systems run (TJ 5, 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.errors import FailedPrecondition, InvalidArgument, Violation
from services.codes.model.code import CodeKind, InspectionCode
from services.codes.model.visit import Visit, VisitState

ADVERSE = frozenset({"PROBLEM_CORRECTED", "PROBLEM_PENDING", "UNREACHABLE", "NOT_COOPERATING"})
"""Findings that harm credit, as for the platform's own visits (TJ 11)."""


class NotExternal(FailedPrecondition):
    """The visit is the platform's own."""

    def __init__(self) -> None:
        super().__init__("本平台任务的结果请在任务中录入", "results of the platform's own tasks are recorded there")


class VisitNotMet(FailedPrecondition):
    """Nobody has been there, as far as the codes tell (TJ 8)."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "该次入企尚未两码互核，也未登记例外情形，不能推送结果（无码不检查）",
            "the visit was neither mutually verified nor excepted: no code, no inspection",
            state=state,
        )


class CorrectionReasonNeeded(FailedPrecondition):
    """There is a version already."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"已有第 {version} 版结果，更正须填写 correction_reason",
            f"version {version} stands: a correction needs correction_reason",
            version=version,
        )


class OutsideOfVisit(InvalidArgument):
    """The day is none of the visit's."""

    def __init__(self, code: InspectionCode) -> None:
        zh = f"inspected_on 应在检查码的日期（{code.starts_on} 至 {code.ends_on}）之内，且不晚于今日"
        en = f"inspected_on must lie within {code.starts_on} and {code.ends_on}, and not be to come"
        super().__init__(Violation("inspected_on", "OUTSIDE_OF_VISIT", zh, en))


@dataclass(eq=False, kw_only=True)
class ExternalResult:
    """One version of what one authority found; none is ever changed."""

    code_id: str
    authority_id: str
    version: int
    matter_ids: tuple[str, ...]
    finding: str
    summary: str
    disposal: str
    inspected_on: date
    correction_reason: str = ""
    created_at: datetime | None = None
    created_by: str = ""

    @property
    def adverse(self) -> bool:
        """Whether it harms the object's credit and may therefore be repaired (TJ 11)."""
        return self.finding in ADVERSE


def check_pushable(code: InspectionCode, visit: Visit | None, inspected_on: date, today: date) -> None:
    """Refuse a result of a visit that cannot have been.

    Raises:
        NotExternal: it is the platform's own.
        VisitNotMet: the codes never met, and no exception says why.
        OutsideOfVisit: the day is none of the visit's.
    """
    if code.kind is not CodeKind.EXTERNAL:
        raise NotExternal
    if visit is None or visit.state is VisitState.PENDING:
        raise VisitNotMet(visit.state if visit else "NONE")
    if not code.starts_on <= inspected_on <= min(code.ends_on, today):
        raise OutsideOfVisit(code)
