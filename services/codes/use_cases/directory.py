"""Facts of the other services, kept as this service's own copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.chassis.work import Work
from services.codes.model.directory import (
    AnnualCap,
    KnownAuthority,
    KnownInspector,
    KnownMatch,
    KnownMatter,
    KnownObject,
    KnownRating,
    Whitelisting,
)

Row = Mapping[str, object]


def note_authority(work: Work, row: Row) -> None:
    """An authority was entered, changed, put on or taken off the subject list."""
    work.upsert(KnownAuthority, [row])


def note_objects(work: Work, rows: Iterable[Row]) -> None:
    """Objects were entered or changed."""
    work.upsert(KnownObject, rows)


def note_inspectors(work: Work, rows: Iterable[Row]) -> None:
    """Inspectors were entered or changed."""
    work.upsert(KnownInspector, rows)


def note_matter(work: Work, row: Row) -> None:
    """A matter was entered or changed."""
    work.upsert(KnownMatter, [row])


def note_annual_cap(work: Work, row: Row) -> None:
    """A yearly limit was set or changed."""
    work.upsert(AnnualCap, [row])


def note_ratings(work: Work, rows: Iterable[Row]) -> None:
    """Ratings changed."""
    work.upsert(KnownRating, rows)


def note_whitelisting(work: Work, row: Row) -> None:
    """An object or a matter was put on or taken off a whitelist."""
    work.upsert(Whitelisting, [row])


def note_matches(work: Work, rows: Iterable[Row]) -> None:
    """Objects were matched into joint tasks."""
    work.upsert(KnownMatch, rows)
