"""The directories, read and written in sets: what loading object by object would make too slow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, cast, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from services.chassis import bulk
from services.chassis.servicing import Call
from services.chassis.unit_of_work import UnitOfWork
from services.sampling import snapshotting
from services.sampling.model.candidates import Candidates
from services.sampling.model.exclusions import RecordExclusion
from services.sampling.model.inspector import Inspector
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import Candidate
from services.sampling.queries.searching import has_word, within
from services.sampling.settings import sampling_settings
from services.sampling.snapshot import Shelf, shelf_at
from services.sampling.tables import certificate_notices, inspection_records, inspectors, objects, ratings

records, notices = inspection_records, certificate_notices


class SqlDirectory:
    """Implements what the use cases ask of the directories (`Directory`, `Roster`, `Crossing`).

    Args:
        shelf: where snapshots of the directory are kept; None: all is read from the tables.
    """

    def __init__(self, work: UnitOfWork, shelf: Shelf | None = None) -> None:
        self._session: Session = work.session
        self._shelf = shelf

    @classmethod
    def of(cls, call: Call) -> SqlDirectory:
        """The directory a call looks at, by its snapshot where there is one."""
        return cls(call.work, shelf_at(sampling_settings().snapshots(call.runtime.settings)))

    def digests(self, object_ids: Collection[str]) -> Mapping[str, bytes]:
        """Of the objects that are there: the digest of the row each was last read from."""
        return {id: bytes(digest) for id, digest in self._of(object_ids, objects.c.object_id, objects.c.row_digest)}

    def candidates(self, scope: DrawScope, domain: str) -> Candidates:
        """Every object in the scope, with its industry rating by the model of a domain."""
        shelf, session = self._shelf, self._session
        kept = None if shelf is None else snapshotting.candidates(session, shelf, scope, domain, fits(scope))
        return Candidates.of(self._read(scope, domain)) if kept is None else kept

    def _read(self, scope: DrawScope, domain: str) -> Iterator[Candidate]:
        """The same from the tables."""
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

    def names(self, object_ids: Collection[str]) -> Mapping[str, tuple[str, str]]:
        """Name and region of each of these objects."""
        columns = objects.c.object_id, objects.c.name, objects.c.region
        return {id: (name, region) for id, name, region in self._of(object_ids, *columns)}

    def tags(self, object_ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """The tags of each of these objects."""
        return dict(self._of(object_ids, objects.c.object_id, objects.c.tags))

    def unnoticed(self, first: date, last: date, *, expired: bool) -> Sequence[Inspector]:
        """Inspectors on the directory whose certificates end on these days, of which it was not said yet."""
        noticed = select(notices.c.certificate).where(
            notices.c.certificate == inspectors.c.certificate,
            notices.c.valid_until == inspectors.c.valid_until,
            notices.c.expired.is_(expired),
        )
        due = inspectors.c.valid_until.between(first, last) & inspectors.c.retired.is_(False) & ~noticed.exists()
        return list(self._session.scalars(select(Inspector).where(due).order_by(inspectors.c.certificate)))

    def pending_visits(self, authority_ids: Sequence[str]) -> Mapping[str, int]:
        """How many visits each inspector of these authorities has before them."""
        conditions = [*counted(*authority_ids), records.c.finding == ""]
        who = self._session.scalars(select(records.c.certificates).where(*conditions))
        return Counter(certificate for certificates in who for certificate in certificates)

    def _of(self, object_ids: Collection[str], *columns: Any) -> Iterator[Any]:
        """Columns of these objects."""
        statement = select(*columns).where(bulk.among(self._session, objects.c.object_id, object_ids))
        return iter(self._session.execute(statement))


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
    return select(*columns).select_from(rated).where(fits(scope)).execution_options(yield_per=10_000)


def fits(scope: DrawScope) -> ColumnElement[bool]:
    """Whether an object is in a scope."""
    conditions = [objects.c.type.in_(scope.types), or_(*(within(objects.c.region, each) for each in scope.regions))]
    if scope.tags:
        conditions.append(or_(*(has_word(objects.c.tags, tag) for tag in scope.tags)))
    if scope.industries:
        begins = (objects.c.industry.startswith(industry, autoescape=True) for industry in scope.industries)
        conditions.append(or_(*begins))
    return and_(*conditions)


def counted(*authority_ids: str) -> list[ColumnElement[bool]]:
    """What makes an inspection count for an authority: it has an object, and was not called off."""
    off = select(records.c.inspection_id).where(records.c.cancelled.is_(True))
    return [
        records.c.authority_id.in_(authority_ids),
        records.c.object_id != "",
        records.c.cancelled.is_(False),
        records.c.inspection_id.not_in(off),
    ]
