"""How many objects are rated, and how the ratings are spread: in total, by region, by domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from services.credit.model.figures import CoverageFigures, GradeCount, RatingCoverage
from services.credit.model.rating import Grade
from services.credit.queries.filters import narrowed, prefix, same
from services.credit.tables import domain_ratings, known_objects, known_results, ratings


def coverage(session: Session, *, region: str, registration_status: str) -> RatingCoverage:
    """By region and in total in one pass over the directory, by domain in one over what was inspected."""
    chosen = (
        prefix(known_objects.c.region, region),
        same(known_objects.c.registration_status, registration_status),
    )
    of_region = _grouped(session, _by_region(), chosen)
    of_domain = _grouped(session, _by_domain(), chosen)
    return RatingCoverage(
        total=_figures([row for rows in of_region.values() for row in rows]),
        regions=tuple(_figures(of_region[code], region=code) for code in sorted(of_region)),
        domains=tuple(_figures(of_domain[domain], domain=domain) for domain in sorted(of_domain)),
    )


def _grouped(session: Session, statement: Any, chosen: Sequence[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in session.execute(narrowed(statement, *chosen)):
        groups.setdefault(row.group, []).append(row)
    return groups


def _by_region() -> Any:
    columns = (known_objects.c.region.label("group"), ratings.c.public_rating, ratings.c.risk_class)
    rated = known_objects.outerjoin(ratings, ratings.c.object_id == known_objects.c.object_id)
    return select(*columns, func.count().label("objects")).select_from(rated).group_by(*columns)


def _by_domain() -> Any:
    """An object belongs to the domains it was inspected in."""
    of = select(known_results.c.object_id, known_results.c.domain).distinct().subquery("of_domain")
    columns = (
        of.c.domain.label("group"),
        ratings.c.public_rating,
        ratings.c.risk_class,
        domain_ratings.c.rating.label("industry_rating"),
    )
    is_rated = and_(domain_ratings.c.object_id == of.c.object_id, domain_ratings.c.domain == of.c.domain)
    joined = (
        of.join(known_objects, known_objects.c.object_id == of.c.object_id)
        .outerjoin(ratings, ratings.c.object_id == of.c.object_id)
        .outerjoin(domain_ratings, is_rated)
    )
    return select(*columns, func.count().label("objects")).select_from(joined).group_by(*columns)


def _figures(rows: Sequence[Any], *, region: str = "", domain: str = "") -> CoverageFigures:
    objects = sum(row.objects for row in rows)
    public = _spread(rows, "public_rating")
    return CoverageFigures(
        region=region,
        domain=domain,
        objects=objects,
        rated=objects - public[-1].count,
        public_ratings=public,
        risk_classes=_spread(rows, "risk_class"),
        industry_ratings=_spread(rows, "industry_rating") if domain else (),
    )


def _spread(rows: Sequence[Any], column: str) -> tuple[GradeCount, ...]:
    counts: Counter[Grade | None] = Counter()
    for row in rows:
        counts[getattr(row, column)] += row.objects
    return tuple(GradeCount(grade, counts[grade]) for grade in (*Grade, None))
