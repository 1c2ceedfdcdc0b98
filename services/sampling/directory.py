"""The directories, read and written in sets: what loading object by object would make too slow."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from services.chassis.unit_of_work import UnitOfWork
from services.sampling import bulk
from services.sampling.events import ObjectChanged, ObjectState, in_parts
from services.sampling.model.exclusions import RecordExclusion
from services.sampling.model.inspection_object import ObjectType, RegistrationStatus
from services.sampling.model.object_rows import Entry
from services.sampling.model.region import prefix
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import Candidate
from services.sampling.model.tickets import key
from services.sampling.queries.objects import has_word
from services.sampling.tables import inspection_records, objects, pack, ratings

records = inspection_records


class SqlDirectory:
    """Implements what the use cases ask of the directories (`Directory`, `Roster`, `Crossing`)."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session: Session = work.session

    def digests(self, object_ids: Sequence[str]) -> Mapping[str, bytes]:
        """Of the objects that are there: the digest of the row each was last read from."""
        return {id: bytes(digest) for id, digest in self._of(object_ids, objects.c.object_id, objects.c.row_digest)}

    def enter(self, entries: Sequence[Entry], now: datetime, by: str) -> None:
        """Keep new objects and announce them."""
        if not entries:
            return
        at = bulk.instant(self._session, now)
        bulk.insert(self._session, "objects", COLUMNS, (row_of(entry, at, by) for entry in entries))
        for part in in_parts([state_of(entry) for entry in entries]):
            self._work.emit(ObjectChanged(self._work.new_id(), part))

    def candidates(self, scope: DrawScope, domain: str) -> Iterator[Candidate]:
        """Every object in the scope, with its industry rating by the model of a domain."""
        statement = candidates_in(scope, with_industry=bool(domain))
        tags: dict[str, tuple[str, ...]] = {}
        for id, status, region, public, risk, packed, industry in self._session.execute(statement):
            words = tags.get(packed)
            if words is None:
                words = tags[packed] = tuple(filter(None, packed.split("|")))
            rating = next((grade.rating for grade in industry if grade.domain == domain), "") if industry else ""
            yield Candidate(id, status, region, public or "", risk or "", words, rating)

    def inspected(self, authority_id: str, rule: RecordExclusion) -> set[str]:
        """Objects for which an authority's inspections, done and pending, meet a rule."""
        conditions = [*counted(authority_id), records.c.day.between(rule.from_date, rule.to_date)]
        if rule.kinds:
            conditions.append(records.c.kind.in_(rule.kinds))
        if rule.findings:
            conditions.append(records.c.finding.in_(rule.findings))
        enough = func.count(records.c.inspection_id.distinct()) >= rule.at_least
        return set(
            self._session.scalars(select(records.c.object_id).where(*conditions).group_by("object_id").having(enough))
        )

    def inspected_for(self, authority_id: str, matter_ids: Iterable[str], year: int) -> set[str]:
        """Objects an authority has inspected, or is about to, for one of these matters in a year."""
        of_matter = [has_word(records.c.matter_ids, matter_id) for matter_id in matter_ids]
        in_year = records.c.day.between(date(year, 1, 1), date(year, 12, 31))
        statement = select(records.c.object_id).where(*counted(authority_id), in_year, or_(*of_matter))
        return set(self._session.scalars(statement)) if of_matter else set()

    def names(self, object_ids: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Name and region of each of these objects."""
        columns = objects.c.object_id, objects.c.name, objects.c.region
        return {id: (name, region) for id, name, region in self._of(object_ids, *columns)}

    def tags(self, object_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The tags of each of these objects."""
        return dict(self._of(object_ids, objects.c.object_id, objects.c.tags))

    def pending_visits(self, authority_ids: Sequence[str]) -> Mapping[str, int]:
        """How many visits each inspector of these authorities has before them."""
        conditions = [*counted(*authority_ids), records.c.finding == ""]
        who = self._session.scalars(select(records.c.certificates).where(*conditions))
        return Counter(certificate for certificates in who for certificate in certificates)

    def _of(self, object_ids: Sequence[str], *columns: Any) -> Iterator[Any]:
        """Columns of these objects."""
        statement = select(*columns).where(bulk.among(self._session, objects.c.object_id, object_ids))
        return iter(self._session.execute(statement))


COLUMNS = (
    *(
        "object_id",
        "name",
        "region",
        "type",
        "registration_status",
        "address",
        "industry",
        "tags",
        "licences",
        "contact",
    ),
    *("registered_on", "enterprise_type", "business_scope", "owner_id", "version", "created_at", "created_by"),
    *("updated_at", "updated_by", "key", "row_digest"),
)


def row_of(entry: Entry, at: str, by: str) -> tuple[object, ...]:
    """A new object as its row, in the order of `COLUMNS`."""
    said: Mapping[str, Any] = entry.said
    get = said.get
    return (
        entry.object_id,
        said["name"],
        said["region"],
        get("type", ObjectType.INSTITUTION).value,
        get("registration_status", RegistrationStatus.ACTIVE).value,
        get("address", ""),
        get("industry", ""),
        pack(said["tags"]) if "tags" in said else "",
        json_of(objects.c.licences, said["licences"]) if "licences" in said else "[]",
        json_of(objects.c.contact, said["contact"]) if "contact" in said else None,
        get("registered_on") and said["registered_on"].isoformat(),
        get("enterprise_type", ""),
        get("business_scope", ""),
        get("owner_id", ""),
        1,
        at,
        by,
        at,
        by,
        key(entry.object_id),
        entry.digest,
    )


def json_of(column: Any, value: object) -> str:
    """A value as a JSON column keeps it."""
    return json.dumps(column.type.process_bind_param(value, None), ensure_ascii=False)


def state_of(entry: Entry) -> ObjectState:
    """A new object as others need to know it."""
    said: Mapping[str, Any] = entry.said
    return ObjectState(
        entry.object_id,
        1,
        said.get("type", ObjectType.INSTITUTION),
        said["name"],
        said.get("registration_status", RegistrationStatus.ACTIVE),
        said["region"],
        said.get("address", ""),
        said.get("industry", ""),
        said.get("tags", ()),
    )


def candidates_in(scope: DrawScope, *, with_industry: bool) -> Select[Any]:
    """The objects of a scope, with what a draw looks at."""
    columns = (
        objects.c.object_id,
        cast(objects.c.registration_status, Text),
        objects.c.region,
        ratings.c.public_rating,
        ratings.c.risk_class,
        cast(objects.c.tags, Text),
        *((ratings.c.industry,) if with_industry else (cast(None, Text).label("industry"),)),
    )
    rated = objects.outerjoin(ratings, objects.c.object_id == ratings.c.object_id)
    statement = select(*columns).select_from(rated).where(objects.c.type.in_(scope.types), within(scope.regions))
    if scope.tags:
        statement = statement.where(or_(*(has_word(objects.c.tags, tag) for tag in scope.tags)))
    if scope.industries:
        fits = (objects.c.industry.startswith(industry, autoescape=True) for industry in scope.industries)
        statement = statement.where(or_(*fits))
    return statement.execution_options(yield_per=10_000)


def within(regions: Iterable[str]) -> ColumnElement[bool]:
    """Whether an object lies in one of these regions."""
    return or_(*(objects.c.region.startswith(prefix(region), autoescape=True) for region in regions))


def counted(*authority_ids: str) -> list[ColumnElement[bool]]:
    """What makes an inspection count for an authority: it has an object, and was not called off."""
    off = select(records.c.inspection_id).where(records.c.cancelled.is_(True))
    return [
        records.c.authority_id.in_(authority_ids),
        records.c.object_id != "",
        records.c.cancelled.is_(False),
        records.c.inspection_id.not_in(off),
    ]
