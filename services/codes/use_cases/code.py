"""Codes that stand: read, taken back, called off with their task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.codes.events import CodeRevoked
from services.codes.model.code import CodeState, CountKey, InspectionCode, VisitUnderWay
from services.codes.model.directory import CalledOff, TaskTerm
from services.codes.model.evaluation import Evaluation
from services.codes.model.history import Finding, InspectionNote
from services.codes.model.issue import Interception
from services.codes.model.visit import Visit, VisitState
from services.codes.use_cases.enterprise import speaks_for

OVERSEERS = frozenset({"supervisor", "administrator"})
USED = (VisitState.VERIFIED, VisitState.EXCEPTED)


class Counts(Protocol):
    """Counters of visits."""

    def add(self, changes: Mapping[CountKey, int]) -> None:
        """Count visits, or give them back."""
        ...


def readable_code(work: Work, code_id: str, *, by: Principal, now: datetime) -> InspectionCode:
    """A code, for who may read it: its authorities, its object's accounts, supervisors and administrators.

    Raises:
        NoSuchThing: there is none, or it is none of the caller's business.
    """
    code = work.get(InspectionCode, code_id)
    is_theirs = by.roles & OVERSEERS or by.authority in code.authority_ids or by.subject == code.created_by
    if code.purged or not (is_theirs or speaks_for(work, by, code.object_id, today(now))):
        raise NoSuchThing("InspectionCode", code_id)
    return code


def revoke_code(
    work: Work, code_id: str, reason: str, counts: Counts, *, etag: str, by: Principal, now: datetime
) -> InspectionCode:
    """An authority or the supervisor takes a code back.

    Raises:
        CodeRevoked: it was already.
        VisitUnderWay: it was used.
        NotYours: another authority's.
    """
    code = work.get(InspectionCode, code_id, etag=etag, lock=True)
    if "supervisor" not in by.roles and by.authority not in code.authority_ids:
        raise NotYours("authority", code.lead_id)
    code.check_not_revoked()
    used = _used(work, [code])
    if used:
        raise VisitUnderWay(used[code.code_id])
    take_back(work, [code], reason, counts, now=now)
    return code


def call_off(work: Work, inspection_ids: Sequence[str], reason: str, counts: Counts, *, now: datetime) -> None:
    """Inspections will not take place: their codes are taken back, codes not issued yet never will be."""
    work.upsert(CalledOff, [{"inspection_id": id} for id in inspection_ids])
    standing = work.all(InspectionCode, inspection_id=list(inspection_ids), state=CodeState.ISSUED)
    take_back(work, standing, reason, counts, now=now)


def call_off_task(
    work: Work, task_id: str, inspection_ids: Sequence[str], reason: str, counts: Counts, *, now: datetime
) -> None:
    """A task was called off, with these inspections or, when none are named, with all that were not visited yet."""
    call_off(work, inspection_ids, reason, counts, now=now)
    if not inspection_ids:
        standing = work.all(InspectionCode, task_id=task_id, state=CodeState.ISSUED)
        take_back(work, standing, reason, counts, now=now, only_unused=True)


def purge_task(work: Work, task_id: str, inspection_ids: Sequence[str], counts: Counts, *, now: datetime) -> None:
    """A test task vanishes with all that hangs on it; of its codes only the revocation stays.

    A large task is told of in several facts, each of which names some of its inspections; one that names none has none.
    """
    call_off(work, inspection_ids, "TEST", counts, now=now)
    named = list(inspection_ids)
    codes = work.all(InspectionCode, inspection_id=named) if named else work.all(InspectionCode, task_id=task_id)
    take_back(work, [code for code in codes if code.state is CodeState.ISSUED], "TEST", counts, now=now)
    for code in codes:
        code.purged = True
    ids = [code.code_id for code in codes]
    gone: list[object] = [*work.all(Visit, code_id=ids), *work.all(Evaluation, code_id=ids)]
    gone += [*work.all(Interception, task_id=task_id), *work.all(TaskTerm, task_id=task_id)]
    for kind in (InspectionNote, Finding):
        gone += work.all(kind, inspection_id=list(inspection_ids))
    for thing in gone:
        work.delete(thing)


def take_back(
    work: Work,
    codes: Iterable[InspectionCode],
    reason: str,
    counts: Counts,
    *,
    now: datetime,
    only_unused: bool = False,
) -> set[str]:
    """Revoke codes and give their visits back to the annual count, except visits that took place.

    Args:
        only_unused: leave codes alone whose visit took place.

    Returns:
        The inspections whose visit took place.
    """
    held = [work.get(InspectionCode, id, lock=True) for id in sorted(code.code_id for code in codes)]
    used = _used(work, held)
    returned: Counter[CountKey] = Counter()
    for code in held:
        if code.code_id in used and only_unused:
            continue
        code.revoke(reason, now)
        work.emit(CodeRevoked(code.code_id, code.inspection_id, reason))
        if code.is_counted and code.code_id not in used:
            returned.update(code.count_keys())
    counts.add({key: -number for key, number in returned.items()})
    return {code.inspection_id for code in held if code.code_id in used}


def _used(work: Work, codes: Sequence[InspectionCode]) -> dict[str, VisitState]:
    """Codes whose visit took place, and how."""
    visits = work.all(Visit, code_id=[code.code_id for code in codes], state=USED) if codes else []
    return {visit.code_id: visit.state for visit in visits}
