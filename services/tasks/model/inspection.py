"""One object in one task.

PENDING → CODED | INTERCEPTED → VERIFIED | EXCEPTED → RECORDED → SIGNED → REVIEWED → PUBLISHED; RETURNED, MERGED,
REPLACED, CANCELLED. Off-site an inspection goes from PENDING, once sent out, straight to its records. After the visit
each authority's part goes its own way, and the inspection stands where the part stands that is least far. What codes
reports (facts) never fails: a fact that comes late or twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition
from services.tasks.model.part import Part, PartState
from services.tasks.model.terms import HistoryEntry, LeadKind, Method, NotNow, TaskKind, TaskNature


class InspectionState(StrEnum):
    """Where an inspection stands."""

    PENDING = "PENDING"
    CODED = "CODED"
    INTERCEPTED = "INTERCEPTED"
    VERIFIED = "VERIFIED"
    EXCEPTED = "EXCEPTED"
    RECORDED = "RECORDED"
    SIGNED = "SIGNED"
    REVIEWED = "REVIEWED"
    PUBLISHED = "PUBLISHED"
    RETURNED = "RETURNED"
    MERGED = "MERGED"
    REPLACED = "REPLACED"
    CANCELLED = "CANCELLED"

    @property
    def zh(self) -> str:
        return _STATE_ZH[self]


_STATE_ZH: Mapping[InspectionState, str] = {
    InspectionState.PENDING: "待检查",
    InspectionState.CODED: "已赋码",
    InspectionState.INTERCEPTED: "已拦截",
    InspectionState.VERIFIED: "已互核",
    InspectionState.EXCEPTED: "已登记例外",
    InspectionState.RECORDED: "已录入",
    InspectionState.SIGNED: "已签名",
    InspectionState.REVIEWED: "已审核",
    InspectionState.PUBLISHED: "已公布",
    InspectionState.RETURNED: "已退回",
    InspectionState.MERGED: "已并入联合检查",
    InspectionState.REPLACED: "已替换",
    InspectionState.CANCELLED: "已取消",
}
_S = InspectionState
GONE = frozenset({_S.MERGED, _S.REPLACED, _S.CANCELLED})
CLOSED = GONE | {_S.PUBLISHED}
OPEN = frozenset(_S) - CLOSED
BEFORE_VISIT = frozenset({_S.PENDING, _S.CODED, _S.INTERCEPTED})
LIVE = frozenset(_S) - GONE
CANCELLABLE = BEFORE_VISIT | {_S.VERIFIED, _S.EXCEPTED}
"""Where one can be called off, as long as nothing is recorded; see `Inspection.possible`."""
WAITING: Mapping[str, object] = {"state": _S.PENDING, "dispatched_at": None}
"""What holds of one that is not sent out: it can be staffed, excluded, removed, sent out."""
_PART_ORDER = (PartState.RECORDED, PartState.SIGNED, PartState.REVIEWED, PartState.PUBLISHED)


class NoCodeNoInspection(FailedPrecondition):
    """无码不检查: no record on site before the codes are mutually verified or an exception is recorded (TJ 8)."""

    def __init__(self, state: InspectionState) -> None:
        super().__init__(
            f"该检查{state.zh}（{state}），尚未完成两码互核，也未登记例外情形，不能录入检查结果；请先扫码互核或登记例外",
            f"the inspection is {state}: it is neither mutually verified nor excepted, so it cannot be recorded; "
            "possible now: verify the codes or record an exception",
            state=state,
            possible="verify,except",
        )


class NotDispatched(FailedPrecondition):
    """What was not sent out cannot be recorded."""

    def __init__(self, state: InspectionState, possible: tuple[str, ...]) -> None:
        super().__init__(
            f"该检查（{state}）尚未下发，请先下发任务；现在可以：{'、'.join(possible)}",
            f"the inspection is {state} and not dispatched; possible now: {', '.join(possible)}",
            state=state,
            possible=",".join(possible),
        )


@dataclass(frozen=True)
class InspectedObject:
    """The object as it was when it came on the list."""

    object_id: str = ""
    name: str = ""
    type: str = ""
    region: str = ""
    address: str = ""
    industry: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeInfo:
    """The code it was issued."""

    code_id: str
    kind: str
    text: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Interception:
    """Why its code was refused.

    Args:
        revoked_code_id: the code it had until it was decided anew, e.g. for other inspectors.
    """

    rule: str
    authority_id: str
    count: int
    cap: int
    message: str
    revoked_code_id: str = ""


@dataclass(frozen=True)
class VisitInfo:
    """How the visit began; an empty exception means that both codes were scanned."""

    visit_id: str
    certificate: str
    at: datetime
    exception: str = ""
    reason: str = ""
    object_id: str = ""


@dataclass(eq=False, kw_only=True)
class Inspection:
    """One object in one task."""

    inspection_id: str
    task_id: str
    task_number: str
    task_name: str
    year: int
    kind: TaskKind
    nature: TaskNature
    method: Method
    authority_id: str
    starts_on: date
    ends_on: date
    object_id: str
    object_name: str
    object: InspectedObject
    state: InspectionState = InspectionState.PENDING
    parts: list[Part] = field(default_factory=list)
    stratum: str = ""
    rank: int = 0
    round: int = 0
    staffed: bool = False
    excluded: bool = False
    exclusion_reason: str = ""
    repeat_reason: str = ""
    lead_kind: LeadKind | None = None
    lead_detail: str = ""
    dispatched_at: datetime | None = None
    code: CodeInfo | None = None
    interception: Interception | None = None
    visit: VisitInfo | None = None
    mutually_verified: bool = False
    survey_visits: tuple[VisitInfo, ...] = ()
    merged_into: str = ""
    replaced_by: str = ""
    replaces: str = ""
    survey_id: str = ""
    added_by: str = ""
    history: tuple[HistoryEntry, ...] = ()
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def is_on_site(self) -> bool:
        return self.method is Method.ON_SITE

    @property
    def is_survey(self) -> bool:
        """Whether it is the one of a survey task that has no object and gathers those that are found."""
        return not self.object_id

    @property
    def is_joint(self) -> bool:
        return len(self.parts) > 1

    def part(self, authority_id: str) -> Part | None:
        """An authority's part."""
        return next((part for part in self.parts if part.authority_id == authority_id), None)

    def note(self, at: datetime, by: str, action: str, reason: str = "", detail: str = "") -> None:
        """Put something on record."""
        self.history = (*self.history, HistoryEntry(at, by, action, reason, detail))

    # what is possible

    def possible(self) -> tuple[str, ...]:
        """What may be done now, by anybody."""
        if self.state in GONE:
            return ()
        if self.state in BEFORE_VISIT:
            return self._possible_before_visit()
        verbs = [verb for part in self.parts for verb in part.possible()]
        if self.state in (_S.VERIFIED, _S.EXCEPTED) and not self._any_record():
            verbs.append("cancel")
        return tuple(dict.fromkeys(verbs))

    def _possible_before_visit(self) -> tuple[str, ...]:
        if self.dispatched_at is None:
            return (
                "assign_inspectors",
                "reassign_inspector",
                "exclude",
                "remove",
                "dispatch",
                "replace",
                "merge",
                "cancel",
            )
        if self.state is _S.INTERCEPTED:
            return ("replace", "merge", "cancel")
        if self.is_survey:
            return ("discover", "reassign_inspector", "cancel")
        if not self.is_on_site:
            parts = [verb for part in self.parts for verb in part.possible()]
            return tuple(dict.fromkeys([*parts, *(() if self._any_record() else ("replace", "cancel"))]))
        return ("verify", "except", "reassign_inspector", "replace", "merge", "cancel")

    def require(self, verb: str) -> None:
        """Refuse what is not possible now."""
        if verb not in self.possible():
            raise NotNow("inspection", self.state, verb, self.possible())

    def require_recordable(self) -> None:
        """Refuse a record before it is sent out, and on site before the visit has begun as it must (TJ 8)."""
        if self.state in GONE or self.is_survey:
            raise NotNow("inspection", self.state, "record", self.possible())
        if self.dispatched_at is None:
            raise NotDispatched(self.state, self.possible())
        if self.is_on_site and self.state in BEFORE_VISIT:
            raise NoCodeNoInspection(self.state)

    def _any_record(self) -> bool:
        return any(part.record is not None for part in self.parts)

    # before the visit

    def settle_staff(self) -> None:
        """Note whether every part has its inspectors."""
        self.staffed = bool(self.parts) and all(part.is_staffed for part in self.parts)

    def exclude(self, excluded: bool, reason: str, by: str, now: datetime) -> None:
        """Mark it as excluded, or no longer."""
        self.require("exclude")
        self.excluded, self.exclusion_reason = excluded, reason if excluded else ""
        self.note(now, by, "EXCLUDED" if excluded else "INCLUDED", reason)

    def dispatch(self, by: str, now: datetime) -> None:
        """Send it out."""
        self.require("dispatch")
        self.dispatched_at = now
        self.note(now, by, "DISPATCHED")

    def note_code(self, code: CodeInfo, now: datetime) -> None:
        """Fact: its code was issued; what is known to be revoked already comes too late."""
        if self.code == code or (self.interception and self.interception.revoked_code_id == code.code_id):
            return
        self.code = code
        if self.state in (_S.PENDING, _S.INTERCEPTED) and self.is_on_site and self.dispatched_at is not None:
            self.state, self.interception = _S.CODED, None
        self.note(now, "", "CODE_ISSUED", detail="、".join(code.warnings))

    def note_interception(self, interception: Interception, now: datetime) -> None:
        """Fact: its code was refused, and with that the one it had until then revoked; a newer one stands."""
        lost = self.state is _S.CODED and self.code is not None and self.code.code_id == interception.revoked_code_id
        if (self.state is _S.PENDING or lost) and self.is_on_site and self.dispatched_at is not None:
            self.state, self.interception, self.code = _S.INTERCEPTED, interception, None
            self.note(now, "", "INTERCEPTED", interception.message)

    # the visit

    def note_visit(self, visit: VisitInfo, now: datetime) -> None:
        """Fact: both codes were scanned, or an exception was recorded. A scan outweighs an earlier exception."""
        if self.is_survey:
            self.survey_visits = (*self.survey_visits, visit)
            self.note(now, "", "VISIT", visit.reason, visit.object_id)
            return
        may_begin = self.state in (_S.PENDING, _S.CODED) and self.is_on_site and self.dispatched_at is not None
        may_improve = self.state is _S.EXCEPTED and not visit.exception
        if may_begin or may_improve:
            self.visit, self.mutually_verified = visit, not visit.exception
            self.state = _S.EXCEPTED if visit.exception else _S.VERIFIED
            self.note(now, "", self.state.value, visit.reason)

    def visit_of(self, object_id: str) -> VisitInfo | None:
        """In a survey: how the visit to an object began; an exception without an object counts for any."""
        scanned = [v for v in self.survey_visits if v.object_id == object_id and not v.exception]
        excepted = [v for v in self.survey_visits if v.exception and v.object_id in ("", object_id)]
        return next(iter([*scanned, *excepted]), None)

    def settle_parts(self) -> None:
        """Stand where the part stands that is least far."""
        states = {part.state for part in self.parts}
        if PartState.RETURNED in states:
            self.state = _S.RETURNED
        elif PartState.OPEN in states:
            self.state = self._state_of_visit()
        else:
            self.state = InspectionState(next(state for state in _PART_ORDER if state in states).value)

    def _state_of_visit(self) -> InspectionState:
        if self.visit is None:
            return _S.PENDING
        return _S.EXCEPTED if self.visit.exception else _S.VERIFIED

    # falling away

    def cancel(self, reason: str, by: str, now: datetime) -> None:
        """Call it off before anything is recorded."""
        self.require("cancel")
        self.state = _S.CANCELLED
        self.note(now, by, "CANCELLED", reason)

    def replace(self, substitute_id: str, reason: str, by: str, now: datetime) -> None:
        """Give its place to another."""
        self.require("replace")
        self.state, self.replaced_by = _S.REPLACED, substitute_id
        self.note(now, by, "REPLACED", reason, substitute_id)

    @property
    def can_merge(self) -> bool:
        """Whether it can still go into a joint inspection."""
        return not self.excluded and "merge" in self.possible()

    def merge(self, joint_id: str, now: datetime) -> None:
        """Go into a joint inspection."""
        self.require("merge")
        self.state, self.merged_into = _S.MERGED, joint_id
        self.note(now, "", "MERGED", detail=joint_id)
