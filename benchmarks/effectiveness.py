"""A year's effectiveness of every authority from the daily counts, beside counting the inspections themselves.

Measured apart: a page of the breakdown, and how long it takes to make the daily counts anew.
`LIANGMA_BENCH_INSPECTIONS` says how many inspections there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import and_, case, func, select

from benchmarks.country import FIRST, INSPECTIONS, LAST, Country, countries
from benchmarks.harness import Benchmark, Contender, Role, measured
from services.chassis import telemetry
from services.tasks import recounting
from services.tasks.model.effectiveness import PRAISE, Dimension
from services.tasks.model.part import PartState
from services.tasks.model.record import PROBLEMS
from services.tasks.model.terms import Method, TaskNature
from services.tasks.queries.breakdown import breakdown
from services.tasks.queries.effectiveness import Scope, effectiveness
from services.tasks.tables import evaluations, inspections, parts

YEAR = Scope(FIRST, LAST)
CELLS = (Dimension.AUTHORITY, Dimension.DOMAIN, Dimension.WEEK)
Figures = Mapping[str, tuple[int, ...]]


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Both ways on each database; PostgreSQL first."""
    telemetry.set_up("WARNING", "benchmarks")
    notes = ["whether several authorities took part is not asked by the peer, which would take longer still"]
    with countries(notes) as lands:
        contenders = [
            contender
            for land in lands
            for contender in (
                Contender(f"ours, {land.name}", from_counts(land), Role.OURS, same_answer=True),
                Contender(f"GROUP BY, {land.name}", by_counting(land), Role.PEER, same_answer=True),
            )
        ]
        yield Benchmark(
            "effectiveness",
            f"four figures of every authority of {INSPECTIONS:,} inspections",
            contenders,
            reference=by_counting(lands[0]),
            against=[each.name for each in contenders if each.role is Role.PEER and lands[0].name in each.name],
            target=5,
            notes=notes,
            afterwards=lambda: [line for land in lands for line in apart(land)],
        )


def from_counts(land: Country) -> Callable[[], Figures]:
    """As the service answers."""

    def read() -> Figures:
        with land.working() as work:
            return {
                row.authority_id: (
                    row.inspections,
                    *(row.figures[place].numerator for place in (1, 2, 3, 4)),
                    row.figures[4].denominator,
                )
                for row in effectiveness(work.session, YEAR).authorities
                if row.inspections
            }

    return read


def by_counting(land: Country) -> Callable[[], Figures]:
    """Every published part of the year, and every evaluation of one."""
    within = and_(
        parts.c.state == PartState.PUBLISHED,
        parts.c.inspected_on.between(FIRST, LAST),
        inspections.c.nature == TaskNature.FORMAL,
    )
    joined = parts.join(inspections, inspections.c.inspection_id == parts.c.inspection_id)
    is_of_part = and_(
        evaluations.c.inspection_id == parts.c.inspection_id, evaluations.c.authority_id == parts.c.authority_id
    )
    is_on_site = inspections.c.method == Method.ON_SITE
    conditions = (
        ~is_on_site,
        parts.c.finding.in_(PROBLEMS),
        and_(is_on_site, inspections.c.mutually_verified.is_(True)),
    )
    sums = (func.sum(case((each, 1), else_=0)) for each in conditions)
    done: Any = select(parts.c.authority_id, func.count(), *sums).select_from(joined)
    praised = func.sum(case((evaluations.c.score >= PRAISE, 1), else_=0))
    judged: Any = select(parts.c.authority_id, praised, func.count()).select_from(joined.join(evaluations, is_of_part))

    def read() -> Figures:
        with land.working() as work:
            found = [work.session.execute(each.where(within).group_by(parts.c.authority_id)) for each in (done, judged)]
            counted, scores = ({id: tuple(map(int, counts)) for id, *counts in rows} for rows in found)
            return {id: (*counts, *scores.get(id, (0, 0))) for id, counts in counted.items()}

    return read


def apart(land: Country) -> list[str]:
    """A page of the breakdown, and the daily counts made anew."""

    def page() -> int:
        with land.working() as work:
            return breakdown(work.session, YEAR, CELLS, page_size=50).row_count

    def anew() -> tuple[int, int]:
        with land.working() as work:
            return recounting.rebuild(work.session, dry_run=False)

    rows, (days, wrong) = page(), anew()
    assert not wrong
    return [
        f"  {land.name}: 50 of {rows:,} cells by authority, domain and week: {measured(page) * 1000:.0f} ms",
        f"  {land.name}: {days:,} daily counts compared with what is stored: {measured(anew):.1f} s",
    ]
