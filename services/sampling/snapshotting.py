"""Between the tables and the snapshot of the directory: what is written into one, and what a draw may rely on.

Triggers note every object that is changed (`directory_changes`). Writing a snapshot anew takes notes away and names the
new file in one transaction; a reader sees, in one statement, which file is named and what is noted. So at any moment
the named file is the directory, but for the objects that are noted, whoever commits when.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Select, cast, delete, func, select, true, update
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from services.chassis import bulk, telemetry
from services.sampling.model.candidates import Candidates
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import Candidate
from services.sampling.snapshot import EMPTY, Columns, Row, Shelf, rating_by
from services.sampling.tables import directory_changes, directory_snapshots, objects, ratings

log = telemetry.logger("snapshot")

NAME = "objects"
MOST_CHANGES = 200_000
"""Beyond these a draw reads the tables: looking up so many objects one by one costs as much."""

changes, snapshots = directory_changes, directory_snapshots


def refresh(session: Session, shelf: Shelf, now: datetime, *, worth_from: int, after: int) -> bool:
    """Write the snapshot anew where there is none, it is not whole, or enough has changed; whether it was written.

    Args:
        worth_from: objects below which there need be none.
        after: changes that are enough.
    """
    known = session.execute(select(snapshots).where(snapshots.c.name == NAME).with_for_update()).one_or_none()
    if known is None and not _is_large(session, worth_from):
        session.execute(delete(changes))
        return False
    base = shelf.get(known.sha256) if known and shelf.holds(known.sha256) else None
    if base is not None and _noted(session) < after:
        return False
    columns = _rebuilt(session) if base is None else _followed(session, base)
    digest = shelf.put(columns)
    _name(session, known, digest, len(columns), now)
    shelf.keep_only({digest, known.sha256} if known else {digest})  # somebody may be reading the one before
    return True


def candidates(session: Session, shelf: Shelf, scope: DrawScope, domain: str, fits: Any) -> Candidates | None:
    """The objects of a scope by the snapshot and by what is noted since; None: there is none to rely on.

    Args:
        fits: the scope as a condition on `objects`.
    """
    if _noted(session) > MOST_CHANGES:
        return None
    seen = session.execute(_since(fits)).all()
    columns = shelf.get(seen[0].sha256) if seen else None
    if columns is None:
        return None
    noted = {each.noted for each in seen if each.noted is not None}
    return columns.candidates(scope, domain).without(noted).joined_by(Candidates.of(_changed(seen, domain)))


def _changed(seen: Collection[Any], domain: str) -> Iterator[Candidate]:
    for each in seen:
        if each.object_id is not None:
            tags = tuple(filter(None, each.tags.split("|")))
            stands = (each.public_rating or "", each.risk_class or "", tags, rating_by(domain, each.grades or ""))
            yield Candidate(each.object_id, each.registration_status, each.region, *stands)


def _since(fits: Any) -> Select[Any]:
    """Which file is named, and each object that is noted, as it is now if it is there and fits."""
    noted: CTE = select(changes.c.object_id.label("noted")).distinct().cte("noted")
    states = _states().where(fits).subquery()
    joined = snapshots.outerjoin(noted, true()).outerjoin(states, states.c.object_id == noted.c.noted)
    return select(snapshots.c.sha256, noted.c.noted, *states.c).select_from(joined).where(snapshots.c.name == NAME)


def _states() -> Select[Any]:
    """Objects with all that a snapshot keeps of them."""
    return select(
        objects.c.object_id,
        objects.c.key,
        cast(objects.c.type, Text).label("type"),
        cast(objects.c.registration_status, Text).label("registration_status"),
        objects.c.region,
        objects.c.industry,
        cast(objects.c.tags, Text).label("tags"),
        ratings.c.public_rating,
        ratings.c.risk_class,
        cast(ratings.c.industry, Text).label("grades"),
    ).select_from(objects.outerjoin(ratings, objects.c.object_id == ratings.c.object_id))


def _rows(session: Session, statement: Select[Any]) -> Iterator[Row]:
    for id, key, kind, status, region, industry, tags, public, risk, grades in session.execute(
        statement.execution_options(yield_per=10_000)
    ):
        yield Row(id, bytes(key), kind, status, region, industry, tags, public or "", risk or "", grades or "")


def _rebuilt(session: Session) -> Columns:
    """The whole directory, read after what is noted was taken away."""
    session.execute(delete(changes))
    return EMPTY.merged((), _rows(session, _states()))


def _followed(session: Session, base: Columns) -> Columns:
    """What a snapshot becomes with what is noted."""
    noted = set(session.scalars(delete(changes).returning(changes.c.object_id)))
    return base.merged(noted, _rows(session, _states().where(bulk.among(session, objects.c.object_id, noted))))


def _name(session: Session, known: Any, digest: str, count: int, now: datetime) -> None:
    version = known.version + 1 if known else 1
    state = {"version": version, "sha256": digest, "object_count": count, "built_at": now}
    if known:
        session.execute(update(snapshots).where(snapshots.c.name == NAME).values(state))
    else:
        session.execute(snapshots.insert().values(name=NAME, **state))
    log.info("snapshot_written", version=version, objects=count, digest=digest)


def _noted(session: Session) -> int:
    """At most so many changes are noted."""
    first, last = func.min(changes.c.change_id), func.max(changes.c.change_id)
    return int(session.execute(select(func.coalesce(last - first + 1, 0))).scalar_one())


def _is_large(session: Session, worth_from: int) -> bool:
    some = select(objects.c.object_id).limit(worth_from).subquery()
    return bool(session.execute(select(func.count()).select_from(some)).scalar_one() >= worth_from)
