"""Repair of credit (信用修复, TJ 11–13): who inspected accepts, decides and repairs, within seven working days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.chassis.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NoSuchThing,
    PermissionDenied,
    Violation,
)
from services.chassis.workdays import Workdays
from services.credit.model.deadline import Reckoning, Wait, reckon
from services.credit.model.repair_parts import (
    Document,
    RepairChannel,
    RepairDocument,
    RepairReminder,
    SiteCheck,
    Supplement,
)
from services.credit.model.repair_state import ACTIONS, OPEN, RUNNING, RepairState, WrongRepairState
from services.credit.model.repair_state import RepairState as S

RESPOND_WORKDAYS = 10
REMINDERS = (1, 3)
"""Working days before the deadline at which the authority is reminded, the most urgent first."""
OVERDUE = -1

CHANNEL_OF = {
    "enterprise": RepairChannel.ONLINE,
    "system": RepairChannel.ONE_STOP,
    "repair_officer": RepairChannel.PAPER,
}
"""Which role hands in how."""


class NotAdverse(FailedPrecondition):
    """Only what harms credit can be repaired (TJ 11)."""

    def __init__(self, disclosure_id: str) -> None:
        super().__init__(
            "该公示信息未对信用状况产生负面影响，无需修复",
            f"disclosure {disclosure_id} is no result that harms credit: there is nothing to repair",
        )


class NotDisclosed(FailedPrecondition):
    """Only what is disclosed can be repaired (TJ 11)."""

    def __init__(self, disclosure_id: str) -> None:
        super().__init__(
            "该检查结果已停止公示，无需修复", f"disclosure {disclosure_id} is withdrawn: there is nothing to repair"
        )


class AppliedAlready(AlreadyExists):
    """Another application for the same result is open."""

    def __init__(self, repair_id: str, state: RepairState) -> None:
        super().__init__(
            f"该检查结果已有正在办理的修复申请（{state}）",
            f"repair {repair_id} of the same result is {state}; wait for its decision",
            repair_id=repair_id,
            state=state,
        )


class WrongChannel(PermissionDenied):
    """Each role hands in its own way."""

    def __init__(self, channel: RepairChannel) -> None:
        super().__init__(
            f"您的角色不能以 {channel} 方式提交申请",
            f"your roles do not allow to apply by channel {channel}",
            channel=channel,
        )


class NotCorrected(FailedPrecondition):
    """The last check on site found the breach uncorrected, so nothing can be granted (TJ 11)."""

    def __init__(self, checked_on: date) -> None:
        super().__init__(
            f"{checked_on} 的现场核查认定违法行为尚未纠正，不能准予修复",
            f"the site check of {checked_on} found the breach uncorrected; check again before granting",
        )


class SupplementAwaited(FailedPrecondition):
    """The applicant still has time to bring what was asked for."""

    def __init__(self, respond_by: date) -> None:
        super().__init__(
            f"补充材料的期限为 {respond_by}，期满后方可不予修复",
            f"the applicant has until {respond_by} to bring the supplement; refuse after that day",
            respond_by=respond_by,
        )


class BelowCounty(FailedPrecondition):
    """No authority of county level or above is known for what a street inspected (TJ 12: 县级以上)."""

    def __init__(self, authority_id: str) -> None:
        super().__init__(
            "实施检查的街道尚未登记上级（县级以上）监管部门，暂不能受理信用修复",
            f"{authority_id} is a street's authority, and none above it is known to decide on repairs",
            authority_id=authority_id,
        )


class NotAcceptedYet(FailedPrecondition):
    """Before acceptance there is no deadline."""

    def __init__(self, state: RepairState) -> None:
        super().__init__(
            "尚未受理，没有办理期限", f"the repair is {state}: the deadline runs from acceptance", state=state
        )


class BadDay(InvalidArgument):
    """A day lies where it cannot."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(Violation(field, "RANGE", zh, en))


@dataclass(eq=False, kw_only=True)
class Repair:
    """An application for repair."""

    repair_id: str
    number: str
    disclosure_id: str
    inspection_id: str
    result_authority_id: str
    object_id: str
    object_name: str
    authority_id: str
    state: RepairState = RepairState.APPLIED
    channel: RepairChannel
    external_number: str = ""
    statement: str = ""
    documents: tuple[RepairDocument, ...]
    applied_by: str
    applied_at: datetime
    accepted_on: date | None = None
    accepted_by: str = ""
    supplements: tuple[Supplement, ...] = ()
    site_checks: tuple[SiteCheck, ...] = ()
    due_on: date | None = None
    due_provisional: bool = False
    late: bool = False
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    reminders: tuple[RepairReminder, ...] = ()
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def document(self, sha256: str) -> Document:
        """One of its documents, by what is in it.

        Raises:
            NoSuchThing: it has no such document.
        """
        brought = [*self.documents, *(item for supplement in self.supplements for item in supplement.documents)]
        found_on_site = [file for check in self.site_checks for file in check.attachments]
        files = [*(item.attachment for item in brought), *found_on_site]
        found = next((file for file in files if file.sha256 == sha256), None)
        if found is None:
            raise NoSuchThing("RepairDocument", sha256)
        return found

    def accept(self, by: str, today: date, workdays: Workdays) -> None:
        """APPLIED → ACCEPTED: the clock starts."""
        self._require("accept")
        self.state, self.accepted_on, self.accepted_by = S.ACCEPTED, today, by
        self.reckon(today, workdays)

    def decline(self, reason: str, by: str, now: datetime) -> None:
        """APPLIED → NOT_ACCEPTED."""
        self._require("decline")
        self._close(S.NOT_ACCEPTED, reason, by, now)

    def request_supplement(self, text: str, respond_by: date | None, by: str, today: date, workdays: Workdays) -> None:
        """ACCEPTED or SUPPLEMENTED → SUPPLEMENT_REQUESTED: the clock stops."""
        self._require("request_supplement")
        last = respond_by or workdays.add_workdays(today, RESPOND_WORKDAYS).day
        if last <= today:
            raise BadDay(
                "respond_by", f"补充期限 {last} 应晚于今天", f"the day to answer by ({last}) must be after today"
            )
        self.supplements = (*self.supplements, Supplement(text, today, by, last))
        self.state = S.SUPPLEMENT_REQUESTED
        self.reckon(today, workdays)

    def submit_supplement(
        self, statement: str, documents: Sequence[RepairDocument], by: str, today: date, workdays: Workdays
    ) -> None:
        """SUPPLEMENT_REQUESTED → SUPPLEMENTED: the clock runs on."""
        self._require("submit_supplement")
        *earlier, asked = self.supplements
        brought = replace(asked, submitted_on=today, submitted_by=by, statement=statement, documents=tuple(documents))
        self.supplements, self.state = (*earlier, brought), S.SUPPLEMENTED
        self.reckon(today, workdays)

    def record_site_check(self, check: SiteCheck, applied_on: date, today: date) -> None:
        """Keep what a check on site found."""
        self._require("record_site_check")
        if not applied_on <= check.checked_on <= today:
            zh = f"核查日期应在申请之日（{applied_on}）与今天之间"
            raise BadDay("checked_on", zh, f"the check lies between the application ({applied_on}) and today")
        self.site_checks = (*self.site_checks, check)

    def grant(self, remark: str, by: str, now: datetime, today: date) -> None:
        """ACCEPTED or SUPPLEMENTED → GRANTED."""
        self._require("grant")
        if self.site_checks and not self.site_checks[-1].corrected:
            raise NotCorrected(self.site_checks[-1].checked_on)
        self.late = self.is_overdue(today)
        self._close(S.GRANTED, remark, by, now)

    def refuse(self, reason: str, by: str, now: datetime, today: date) -> None:
        """ACCEPTED or SUPPLEMENTED → REFUSED; while a supplement is waited for only after its day."""
        self._require("refuse")
        if self.state is S.SUPPLEMENT_REQUESTED and today <= self.supplements[-1].respond_by:
            raise SupplementAwaited(self.supplements[-1].respond_by)
        self.late = self.is_overdue(today)
        self._close(S.REFUSED, reason, by, now)

    def void(self, reason: str, now: datetime) -> None:
        """Close what has lost its object."""
        self._require("void")
        self._close(S.VOID, reason, "", now)

    def remind(self, today: date, workdays: Workdays) -> RepairReminder | None:
        """The reminder that is due now, if it was not given yet; it is kept."""
        level = self._urgency(today, workdays)
        if level is None or self.due_on is None:
            return None
        if any((given.due_on, given.level) == (self.due_on, level) for given in self.reminders):
            return None
        left = OVERDUE if level == OVERDUE else self.reckoning(today, workdays).left
        reminder = RepairReminder(today, left, self.due_on, level)
        self.reminders = (*self.reminders, reminder)
        return reminder

    def reckon(self, today: date, workdays: Workdays) -> None:
        """Compute the deadline, as a new notice of holidays or a supplement may have moved it."""
        reckoning = self.reckoning(today, workdays)
        self.due_on, self.due_provisional = reckoning.due_on, reckoning.provisional

    def reckoning(self, today: date, workdays: Workdays) -> Reckoning:
        """The deadline, explained."""
        if self.accepted_on is None:
            raise NotAcceptedYet(self.state)
        waits = [Wait(supplement.requested_on, supplement.submitted_on) for supplement in self.supplements]
        return reckon(self.accepted_on, waits, today, workdays)

    def is_overdue(self, today: date) -> bool:
        """Whether the deadline has passed and nothing is decided."""
        return self.state in OPEN and self.due_on is not None and self.due_on < today

    def _urgency(self, today: date, workdays: Workdays) -> int | None:
        if self.state not in RUNNING or self.due_on is None:
            return OVERDUE if self.is_overdue(today) else None
        if self.is_overdue(today):
            return OVERDUE
        left = self.reckoning(today, workdays).left
        return next((level for level in REMINDERS if left <= level), None)

    def _close(self, state: RepairState, reason: str, by: str, now: datetime) -> None:
        self.state, self.reason, self.decided_by, self.decided_at = state, reason, by, now

    def _require(self, action: str) -> None:
        if self.state not in ACTIONS[action]:
            raise WrongRepairState(action, self.state)
