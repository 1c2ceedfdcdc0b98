"""Codes are issued when a task is dispatched (赋码): counted, signed and stored in one transaction, or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.work import Work
from services.codes.events import CodeIntercepted, InterceptedCode
from services.codes.model.code import CodeKind, CodeState, InspectionCode
from services.codes.model.directory import (
    AnnualCap,
    CalledOff,
    KnownAuthority,
    KnownInspector,
    KnownMatch,
    KnownObject,
    TaskTerm,
    Whitelisting,
)
from services.codes.model.issue import (
    ON_SITE,
    Dispatch,
    Interception,
    Objection,
    PlannedVisit,
    QuotaUsedUp,
    Register,
    VisitIntercepted,
    decide,
)
from services.codes.use_cases.code import take_back
from services.codes.use_cases.mint import DUPLICATE, Granted, Ledger, Press, mint

T = TypeVar("T")


def issue_codes(work: Work, dispatch: Dispatch, press: Press, *, now: datetime) -> None:
    """A task goes out: its on-site visits get their codes, or are intercepted.

    Repeating it changes nothing; a visit whose inspectors changed since gets a new code in place of the old one.

    Raises:
        NoSuchThing: an authority, object or inspector is not known here (yet).
    """
    if dispatch.method != ON_SITE:
        return
    dispatch = _in_term(work, dispatch)
    wanted, outdated = _still_wanted(work, dispatch, press.ledger, now)
    dispatch = replace(dispatch, visits=wanted)
    if not dispatch.visits:
        return
    register = _register(work, dispatch, press.ledger, today(now))
    decision = decide(dispatch, register)
    press.ledger.add(decision.counted)
    _intercept(work, dispatch, decision.refused, outdated, now)
    mint(work, dispatch, decision.granted, register, press, now=now)


def apply_external_code(
    work: Work, dispatch: Dispatch, press: Press, per_day: int, *, subject: str, now: datetime
) -> InspectionCode:
    """Another system is about to visit an object (TJ 7): the same rules, one visit.

    Args:
        per_day: how many codes one system gets in a civil day.

    Raises:
        QuotaUsedUp: the system has had its codes of the day.
        VisitIntercepted: a rule forbids the visit; nothing was counted.
        NoSuchThing: an authority, object or inspector is in no directory.
    """
    dispatch.check(today(now))
    if work.next_number(f"external:{subject}:{today(now)}") > per_day:  # given back with whatever is refused
        raise QuotaUsedUp(per_day)
    register = _register(work, dispatch, press.ledger, today(now))
    decision = decide(dispatch, register)
    for _, objection in decision.refused:
        raise VisitIntercepted(objection)
    press.ledger.add(decision.counted)
    (code,) = mint(work, dispatch, decision.granted, register, press, subject=subject, now=now)
    return work.get(InspectionCode, code.code_id)


def reassign_inspectors(
    work: Work, inspection_id: str, authority_id: str, certificates: tuple[str, ...], press: Press, *, now: datetime
) -> None:
    """Another inspector comes: the code is issued anew, with the inspectors as they are now.

    Raises:
        NoSuchThing: the inspection has neither code nor interception (yet), or an inspector is not known (yet).
    """
    code = work.find(InspectionCode, inspection_id=inspection_id, state=CodeState.ISSUED)
    if code is None:
        if not work.count(Interception, inspection_id=inspection_id) and not work.count(
            InspectionCode, inspection_id=inspection_id
        ):
            raise NoSuchThing("InspectionCode", inspection_id)
        return
    parts = tuple(
        replace(part, certificates=certificates) if part.authority_id == authority_id else part for part in code.parts
    )
    visit = PlannedVisit(inspection_id, code.object_id, parts, code.lead_kind, code.lead_detail)
    issue_codes(work, _dispatch_of(code, visit), press, now=now)


def extend_codes(
    work: Work, term: Mapping[str, object], inspection_ids: Sequence[str], press: Press, *, now: datetime
) -> None:
    """A task was given more time: the codes of visits that wait are issued anew, good until its last day.

    The last day is part of what is signed, so no code is lengthened. Nothing is decided anew: the visit was let through
    and counted, and stays the one visit that it was. A survey's code goes on to be used, and is replaced all the same.
    """
    work.upsert(TaskTerm, [term])
    extended = work.get(TaskTerm, str(term["task_id"]))
    standing = press.ledger.all(InspectionCode, "inspection_id", inspection_ids, state=CodeState.ISSUED)
    short = [code for code in standing if code.ends_on < extended.ends_on]
    surveys = [code for code in short if code.kind is CodeKind.SURVEY]
    visits = [code for code in short if code.kind is not CodeKind.SURVEY]
    take_back(work, surveys, "SUPERSEDED", press.ledger, now=now)
    used = take_back(work, visits, "SUPERSEDED", press.ledger, now=now, only_unused=True)
    renewed = [code for code in short if code.kind is CodeKind.SURVEY or code.inspection_id not in used]
    for dispatch, granted in _alike(renewed, extended.ends_on):
        register = _register(work, dispatch, press.ledger, today(now))
        press.ledger.add(Counter(key for visit, _ in granted for key in dispatch.count_keys(visit)))
        mint(work, dispatch, granted, register, press, now=now)


def _alike(codes: Iterable[InspectionCode], ends_on: date) -> Iterator[tuple[Dispatch, Granted]]:
    """Codes that go out together until another last day, with what each was granted."""
    groups: dict[tuple[CodeKind, date], list[InspectionCode]] = {}
    for code in codes:
        groups.setdefault((code.kind, code.starts_on), []).append(code)
    for group in groups.values():
        visits = [PlannedVisit(c.inspection_id, c.object_id, c.parts, c.lead_kind, c.lead_detail) for c in group]
        granted = [(visit, DUPLICATE[0] in code.warnings) for visit, code in zip(visits, group, strict=True)]
        yield replace(_dispatch_of(group[0], visits[0]), visits=tuple(visits), ends_on=ends_on), granted


def _in_term(work: Work, dispatch: Dispatch) -> Dispatch:
    """With the last day the task has now: word of its extension may have come first."""
    term = work.find(TaskTerm, task_id=dispatch.task_id) if dispatch.task_id else None
    return replace(dispatch, ends_on=max(dispatch.ends_on, term.ends_on)) if term else dispatch


def _dispatch_of(code: InspectionCode, visit: PlannedVisit) -> Dispatch:
    return Dispatch(
        task_id=code.task_id,
        task_number=code.task_number,
        task_name=code.task_name,
        task_kind=code.task_kind,
        test=code.test,
        method=ON_SITE,
        kind=code.kind,
        starts_on=code.starts_on,
        ends_on=code.ends_on,
        visits=(visit,),
    )


def _still_wanted(
    work: Work, dispatch: Dispatch, ledger: Ledger, now: datetime
) -> tuple[tuple[PlannedVisit, ...], dict[str, str]]:
    """Visits that are not called off and have no such code yet; the code of one that changed is taken back.

    Returns:
        The visits, and the codes that were taken back, by inspection.
    """
    ids = [visit.inspection_id for visit in dispatch.visits]
    called_off = {known.inspection_id for known in ledger.all(CalledOff, "inspection_id", ids)}
    codes = ledger.all(InspectionCode, "inspection_id", ids, state=CodeState.ISSUED)
    standing = {code.inspection_id: code for code in codes}
    wanted = []
    outdated = []
    for visit in dispatch.visits:
        code = standing.get(visit.inspection_id)
        if visit.inspection_id in called_off or (code and _says(code, dispatch, visit)):
            continue
        wanted.append(visit)
        outdated.extend([code] if code else [])
    used = take_back(work, outdated, "SUPERSEDED", ledger, now=now, only_unused=True)
    taken_back = {code.inspection_id: code.code_id for code in outdated if code.inspection_id not in used}
    return tuple(visit for visit in wanted if visit.inspection_id not in used), taken_back


def _says(code: InspectionCode, dispatch: Dispatch, visit: PlannedVisit) -> bool:
    """Whether a code says just what a visit's code would say."""
    said = code.parts, code.object_id, code.starts_on, code.ends_on
    return said == (visit.parts, visit.object_id, dispatch.starts_on, dispatch.ends_on)


def _register(work: Work, dispatch: Dispatch, ledger: Ledger, today: date) -> Register:
    """What must be known to decide; the counters are held from here on."""
    visits = dispatch.visits
    parts = [part for visit in visits for part in visit.parts]
    authority_ids = {part.authority_id for part in parts}
    object_ids = {visit.object_id for visit in visits if visit.object_id}
    certificates = {number for part in parts for number in part.certificates}
    matches = work.all(KnownMatch, task_id=dispatch.task_id) if dispatch.task_id else []
    return Register(
        today=today,
        authorities=_all_of(ledger, KnownAuthority, "authority_id", authority_ids),
        objects=_all_of(ledger, KnownObject, "object_id", object_ids),
        inspectors=_all_of(ledger, KnownInspector, "certificate", certificates),
        caps=work.all(AnnualCap, year=dispatch.year, authority_id=[*authority_ids, ""]),
        whitelist=[
            entry
            for entry in ledger.all(Whitelisting, "object_id", [*object_ids, ""], active=True)
            if entry.authority_id in authority_ids
        ],
        merged=frozenset(match.object_id for match in matches),
        counts=ledger.hold(key for visit in visits for key in dispatch.count_keys(visit)),
    )


def _all_of(ledger: Ledger, kind: type[T], id: str, wanted: Collection[str]) -> dict[str, T]:
    """All of these by id.

    Raises:
        NoSuchThing: one is not known.
    """
    found: dict[str, T] = {getattr(known, id): known for known in ledger.all(kind, id, wanted)}
    missing = sorted(set(wanted) - found.keys())
    if missing:
        raise NoSuchThing(kind.__name__.removeprefix("Known"), missing[0])
    return found


def _intercept(
    work: Work,
    dispatch: Dispatch,
    refused: Sequence[tuple[PlannedVisit, Objection]],
    taken_back: Mapping[str, str],
    now: datetime,
) -> None:
    if not refused:
        return
    rows = [
        {
            "interception_id": work.new_id(),
            "inspection_id": visit.inspection_id,
            "task_id": dispatch.task_id,
            "task_number": dispatch.task_number,
            "object_id": visit.object_id,
            "lead_id": visit.parts[0].authority_id,
            "rule": objection.rule,
            "authority_id": objection.authority_id,
            "matter_id": objection.matter_id,
            "count": objection.count,
            "cap": objection.cap,
            "message": objection.message,
            "created_at": now,
        }
        for visit, objection in refused
    ]
    work.insert(Interception, rows)
    codes = tuple(
        InterceptedCode(
            v.inspection_id, o.rule, o.authority_id, o.count, o.cap, o.message, taken_back.get(v.inspection_id, "")
        )
        for v, o in refused
    )
    work.emit(CodeIntercepted(dispatch.task_id, codes))
