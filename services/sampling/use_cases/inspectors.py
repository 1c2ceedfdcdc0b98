"""What one may do with the inspector directory (执法检查人员名录库)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from services.chassis.errors import InvalidArgument
from services.chassis.identity import Principal
from services.chassis.import_report import ImportReport, Rejection
from services.chassis.work import Work
from services.sampling.events import InspectorChanged, InspectorState, in_parts
from services.sampling.model import inspector_rows, uscc
from services.sampling.model.cells import refuse_many
from services.sampling.model.inspector import Inspector, InspectorExists, InspectorFacts, violations
from services.sampling.model.neighbours import Authority
from services.sampling.model.region import Regions
from services.sampling.use_cases.recusals import derive_recusals

EVERYWHERE = frozenset({"administrator", "system"})


def create_inspector(work: Work, facts: InspectorFacts, regions: Regions, *, by: Principal) -> Inspector:
    """Enter an inspector.

    Raises:
        InvalidArgument: names each bad field.
        InspectorExists: the certificate is entered.
        NotYours: an authority's head enters somebody of another authority.
    """
    checked = check(work, facts, regions)
    require_own(by, checked.authority_id)
    if work.find(Inspector, certificate=checked.certificate):
        raise InspectorExists(checked.certificate)
    entered = Inspector(**vars(checked))
    work.add(entered)
    announce(work, [entered])
    derive_recusals(work, [entered])
    return entered


def update_inspector(
    work: Work, certificate: str, facts: InspectorFacts, regions: Regions, *, etag: str, by: Principal, now: datetime
) -> Inspector:
    """Replace what is known of an inspector; the state before stays on record."""
    known = work.get(Inspector, certificate, etag=etag, lock=True)
    require_own(by, known.authority_id)
    checked = check(work, replace(facts, certificate=certificate), regions)
    require_own(by, checked.authority_id)
    if known.differs(checked):
        work.add(known.revision(work.new_id(), now, by.subject))
        known.become(checked)
        announce(work, [known])
        derive_recusals(work, [known])
    return known


def retire_inspector(
    work: Work, certificate: str, reason: str, *, etag: str, by: Principal, now: datetime
) -> Inspector:
    """Take an inspector off the directory (TJ 14)."""
    known = work.get(Inspector, certificate, etag=etag, lock=True)
    require_own(by, known.authority_id)
    before = known.revision(work.new_id(), now, by.subject)
    known.retire(reason)
    work.add(before)
    announce(work, [known])
    return known


def import_inspectors(
    work: Work, rows: Sequence[object], regions: Regions, *, by: Principal, now: datetime
) -> ImportReport:
    """Take the good rows of a file and report the bad ones; the same rows again change nothing."""
    refuse_many("rows", rows)
    read, rejections = inspector_rows.read(rows, regions, regions_of(work))
    known = {each.certificate: each for each in work.all(Inspector, certificate=[each.certificate for each in read])}
    changed = [each for facts in read if (each := take(work, facts, known.get(facts.certificate), by, now))]
    announce(work, changed)
    derive_recusals(work, changed)
    return ImportReport(len(changed), len(rows) - len(changed) - len(rejections), rejections)


def refused(work: Work, rows: Sequence[object], regions: Regions) -> list[Rejection]:
    """The rows that an import would not take."""
    return inspector_rows.read(rows, regions, regions_of(work))[1]


def regions_of(work: Work) -> dict[str, str]:
    """The regions of the authorities that are known."""
    return {authority.authority_id: authority.region for authority in work.all(Authority)}


def take(work: Work, facts: InspectorFacts, known: Inspector | None, by: Principal, now: datetime) -> Inspector | None:
    """Enter or change the inspector of a row; None: it says nothing new."""
    if known is None:
        entered = Inspector(**vars(facts))
        work.add(entered)
        return entered
    if not known.differs(facts):
        return None
    work.add(known.revision(work.new_id(), now, by.subject))
    known.become(facts)
    return known


def check(work: Work, facts: InspectorFacts, regions: Regions) -> InspectorFacts:
    """An entry by hand with its region in order: as given, else where the authority is.

    Raises:
        InvalidArgument: names each bad field.
    """
    authority = work.find(Authority, authority_id=facts.authority_id)
    region = facts.region or (authority.region if authority else regions.current(uscc.region(facts.authority_id)))
    checked = replace(facts, region=region, retired=False, retired_reason="")
    if wrong := list(violations(checked, regions)):
        raise InvalidArgument(*wrong)
    return replace(checked, region=regions.current(region))


def require_own(by: Principal, authority_id: str) -> None:
    """An administrator enters whom they like, an authority's head their own people.

    Raises:
        NotYours: it is neither.
    """
    if not by.roles & EVERYWHERE:
        by.require(authority=authority_id)


def announce(work: Work, inspectors: Iterable[Inspector]) -> None:
    """Tell the others how these inspectors are now, once what has changed is written."""
    for part in in_parts([state(each) for each in inspectors]):
        work.emit(InspectorChanged(work.new_id(), part))


def state(each: Inspector) -> InspectorState:
    """An inspector as others need to know them, with the version they are about to have."""
    return InspectorState(
        each.certificate,
        each.version + 1,
        each.name,
        each.authority_id,
        each.region,
        each.valid_until,
        each.domains,
        each.qualifications,
        each.expert,
        each.subject,
        each.retired,
    )
