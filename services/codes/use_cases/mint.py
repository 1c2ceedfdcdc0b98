"""Codes are signed and stored, a whole dispatch at a time, and the supervisor told what is wrong with their visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from services.chassis.work import Work
from services.codes import signing
from services.codes.events import CodeIssued, IssuedCode
from services.codes.model.code import CodeState, CountKey, InspectionCode
from services.codes.model.history import InspectionNote
from services.codes.model.issue import Dispatch, NewCode, PlannedVisit, Register
from services.codes.model.warning import Limits, PastVisit, WarningKind, alerts_on_issue
from services.codes.use_cases.code import Counts
from services.codes.use_cases.key import Cabinet, current_signer
from services.codes.use_cases.warning import raise_warnings

T = TypeVar("T")
Granted = Sequence[tuple[PlannedVisit, bool]]
DUPLICATE = (WarningKind.DUPLICATE.value,)


class Ledger(Counts, Protocol):
    """Counts and places for whole batches, exact under any concurrency."""

    def hold(self, keys: Iterable[CountKey]) -> dict[CountKey, int]:
        """The visits counted so far; nobody else counts these until the transaction ends."""
        ...

    def take_status_indexes(self, number: int) -> int:
        """The first of so many consecutive free places on the status list."""
        ...

    def all(self, kind: type[T], attribute: str, values: Collection[str], **equal: object) -> list[T]:
        """All entities whose attribute is one of many values, and which match besides."""
        ...

    def note_parties(self, parties: Sequence[tuple[str, str]]) -> None:
        """Remember who takes part in which code, as (authority or certificate, code)."""
        ...

    def past_visits(self, object_ids: Collection[str], since: date, until: date) -> list[PastVisit]:
        """Visits to these objects that have a code, begun within these days."""
        ...


@dataclass(frozen=True)
class Press:
    """What codes are made with.

    Args:
        limits: when visits are too many.
    """

    ledger: Ledger
    cabinet: Cabinet
    limits: Limits


def mint(
    work: Work,
    dispatch: Dispatch,
    granted: Granted,
    register: Register,
    press: Press,
    *,
    subject: str = "",
    now: datetime,
) -> list[NewCode]:
    """Sign and store the codes of visits that were let through.

    Args:
        granted: the visits, and whether each repeats an earlier one.
        subject: who has them issued; empty: the platform.
    """
    if not granted:
        return []
    codes = _signed(work, dispatch, granted, press, now)
    _store(work, dispatch, codes, press.ledger, subject, now)
    if not dispatch.test:
        _warn(work, dispatch, codes, register, press)
    issued = (IssuedCode(c.code_id, c.visit.inspection_id, c.kind, c.text, c.warnings) for c in codes)
    work.emit(CodeIssued(dispatch.task_id, tuple(issued)))
    return codes


def _signed(work: Work, dispatch: Dispatch, granted: Granted, press: Press, now: datetime) -> list[NewCode]:
    first_index = press.ledger.take_status_indexes(len(granted))
    signer = current_signer(work, press.cabinet, now=now)
    codes = []
    for index, (visit, is_repeat) in enumerate(granted, first_index):
        warnings = DUPLICATE if is_repeat else ()
        code = NewCode.of(dispatch, visit, code_id=work.new_id(), status_index=index, warnings=warnings)
        code.text = signing.encode(code.content(dispatch), signer, press.cabinet.host)
        codes.append(code)
    return codes


def _store(
    work: Work, dispatch: Dispatch, codes: Sequence[NewCode], ledger: Ledger, subject: str, now: datetime
) -> None:
    alike = _alike(dispatch, subject, now)
    work.insert(InspectionCode, [alike | _own(code) for code in codes])
    parties = [(party, code.code_id) for code in codes for party in {*code.authority_ids, *code.certificates}]
    ledger.note_parties(parties)
    if not dispatch.test:
        work.upsert(InspectionNote, [_note(dispatch, code, now) for code in codes if code.object_id])


def _alike(dispatch: Dispatch, subject: str, now: datetime) -> dict[str, object]:
    """What all codes of a dispatch share."""
    return {
        "task_id": dispatch.task_id,
        "task_number": dispatch.task_number,
        "task_name": dispatch.task_name,
        "task_kind": dispatch.task_kind,
        "test": dispatch.test,
        "starts_on": dispatch.starts_on,
        "ends_on": dispatch.ends_on,
        "valid_from": dispatch.valid_from,
        "valid_to": dispatch.valid_to,
        "state": CodeState.ISSUED,
        "revoked_at": None,
        "revocation_reason": "",
        "purged": False,
        "version": 1,
        "created_at": now,
        "created_by": subject,
        "updated_at": now,
        "updated_by": subject,
    }


def _own(code: NewCode) -> dict[str, object]:
    """What a code has of its own."""
    visit = code.visit
    return {
        "code_id": code.code_id,
        "kind": code.kind,
        "inspection_id": visit.inspection_id,
        "object_id": visit.object_id,
        "parts": visit.parts,
        "lead_id": code.lead_id,
        "status_index": code.status_index,
        "text": code.text,
        "warnings": code.warnings,
        "lead_kind": visit.lead_kind,
        "lead_detail": visit.lead_detail,
    }


def _note(dispatch: Dispatch, code: NewCode, now: datetime) -> Mapping[str, object]:
    """For the object's history."""
    return {
        "inspection_id": code.visit.inspection_id or code.code_id,
        "object_id": code.object_id,
        "code_id": code.code_id,
        "task_number": dispatch.task_number,
        "task_name": dispatch.task_name,
        "task_kind": dispatch.task_kind,
        "method": dispatch.method,
        "authority_ids": code.authority_ids,
        "starts_on": dispatch.starts_on,
        "ends_on": dispatch.ends_on,
        "noted_at": now,
    }


def _warn(work: Work, dispatch: Dispatch, codes: Sequence[NewCode], register: Register, press: Press) -> None:
    """Warn the supervisor of what is wrong with the visits that just got their codes."""
    horizon = press.limits.horizon
    past = defaultdict(list)
    objects = {code.object_id for code in codes if code.object_id}
    for visit in press.ledger.past_visits(objects, dispatch.starts_on - horizon, dispatch.starts_on + horizon):
        past[visit.object_id].append(visit)
    alerts = (a for code in codes for a in alerts_on_issue(code, register, past[code.object_id], press.limits))
    raise_warnings(work, alerts)
