"""What one may do with the object directory (检查对象名录库)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Protocol

from services.chassis.errors import InvalidArgument
from services.chassis.identity import Principal
from services.chassis.import_report import ImportReport, Rejection
from services.chassis.work import Work
from services.sampling.events import ObjectChanged, ObjectState, in_parts
from services.sampling.model import object_rows, uscc
from services.sampling.model.inspection_object import (
    UNSAID,
    InspectionObject,
    ObjectExists,
    ObjectFacts,
    ObjectType,
    violations,
)
from services.sampling.model.object_rows import Entry, Row
from services.sampling.model.region import Regions
from services.sampling.model.tickets import key

NEW = {**UNSAID, "version": 1}


class Directory(Protocol):
    """The directory's set-based side."""

    def digests(self, object_ids: Collection[str]) -> Mapping[str, bytes]:
        """Of the objects that are there: the digest of the row each was last read from."""
        ...


def create_object(work: Work, facts: ObjectFacts, regions: Regions) -> InspectionObject:
    """Enter an object.

    Raises:
        InvalidArgument: names each bad field.
        ObjectExists: its id is taken.
    """
    checked = check(facts if facts.object_id else named(facts, work.new_id()), regions)
    if work.find(InspectionObject, object_id=checked.object_id):
        raise ObjectExists(checked.object_id)
    entered = InspectionObject(**vars(checked), key=key(checked.object_id))
    work.add(entered)
    announce(work, [state(entered)])
    return entered


def update_object(
    work: Work, object_id: str, facts: ObjectFacts, regions: Regions, *, etag: str, by: Principal, now: datetime
) -> InspectionObject:
    """Replace what is known of an object; the state before stays on record."""
    known = work.get(InspectionObject, object_id, etag=etag, lock=True)
    checked = check(named(facts, object_id), regions)
    if known.differs(checked):
        work.add(known.revision(work.new_id(), now, by.subject))
        known.become(checked)
        announce(work, [state(known)])
    return known


def import_objects(
    work: Work, directory: Directory, rows: Sequence[Row], regions: Regions, *, by: Principal, now: datetime
) -> ImportReport:
    """Take the good rows of a registry file and report the bad ones; the same rows again change nothing."""
    found, unidentified = object_rows.identify(rows)
    digests = directory.digests(found)
    entries, refused = object_rows.read(found, digests, regions)
    entered = enter(work, [entry for entry in entries if entry.object_id not in digests], by=by, now=now)
    changed = change(work, [entry for entry in entries if entry.object_id in digests], by=by, now=now)
    rejections = sorted((*unidentified, *refused), key=lambda rejection: rejection.line)
    imported = entered + changed
    return ImportReport(imported, len(rows) - imported - len(rejections), rejections)


def refused(rows: Sequence[Row], regions: Regions) -> list[Rejection]:
    """The rows that an import would not take."""
    found, unidentified = object_rows.identify(rows)
    _, refused = object_rows.read(found, {}, regions)
    return sorted((*unidentified, *refused), key=lambda rejection: rejection.line)


def enter(work: Work, entries: Sequence[Entry], *, by: Principal, now: datetime) -> int:
    """Enter the objects of rows; how many there are."""
    rows = [
        {**NEW, **said, "object_id": object_id, "key": key(object_id), "row_digest": digest}
        for object_id, digest, said in entries
    ]
    stamps = {"created_at": now, "created_by": by.subject, "updated_at": now, "updated_by": by.subject}
    work.insert(InspectionObject, rows, stamps)
    announce(work, list(map(ObjectState._make, map(itemgetter(*ObjectState._fields), rows))))
    return len(rows)


def change(work: Work, entries: Sequence[Entry], *, by: Principal, now: datetime) -> int:
    """Tell objects that are there what their rows say; how many of them that changes."""
    object_ids = [entry.object_id for entry in entries]
    known = {each.object_id: each for each in work.all(InspectionObject, object_id=object_ids)} if object_ids else {}
    changed: list[InspectionObject] = []
    for entry in entries:
        each = known[entry.object_id]
        before = each.revision(work.new_id(), now, by.subject)
        entry.tell(each)
        if each.differs(before):
            each.row_digest = entry.digest
            work.add(before)
            changed.append(each)
    announce(work, [state(each) for each in changed])
    return len(changed)


def note_object_discovered(work: Work, facts: ObjectFacts, regions: Regions) -> None:
    """A survey found an object (TJ 6); one that is known already stays as it is."""
    if not facts.object_id or work.find(InspectionObject, object_id=facts.object_id) is None:
        create_object(work, facts, regions)


def check(facts: ObjectFacts, regions: Regions) -> ObjectFacts:
    """An entry by hand with its code and region in order.

    Raises:
        InvalidArgument: names each bad field.
    """
    if facts.type is ObjectType.INSTITUTION:
        facts = named(facts, uscc.compact(facts.object_id))
    if wrong := list(violations(facts, regions)):
        raise InvalidArgument(*wrong)
    return replace(facts, region=regions.current(facts.region), tags=tuple(dict.fromkeys(facts.tags)))


def named(facts: ObjectFacts, object_id: str) -> ObjectFacts:
    """The same under another id."""
    return replace(facts, object_id=object_id)


def announce(work: Work, states: Sequence[ObjectState]) -> None:
    """Tell the others how objects are now."""
    work.emit(*(ObjectChanged(work.new_id(), part) for part in in_parts(states)))


def state(each: InspectionObject) -> ObjectState:
    """An object as others need to know it, with the version it is about to have."""
    return ObjectState(
        each.object_id,
        each.version + 1,
        each.type,
        each.name,
        each.registration_status,
        each.region,
        each.address,
        each.industry,
        each.tags,
    )
