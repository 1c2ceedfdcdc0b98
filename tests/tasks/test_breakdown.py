"""The breakdown of the figures against the same worked out one by one, whole and in pages."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
from liangma.tasks.v1 import tasks_pb2 as pb

from services.tasks.model.effectiveness import COUNTS, PERIODS, DailyCount, Dimension
from services.tasks.model.terms import TaskKind
from tests.support.house import House, Refused
from tests.tasks import city

FIRST, LAST = date(2019, 12, 20), date(2027, 1, 10)
REGIONS = {city.JUSTICE: "500000", city.MARKET: "500000", city.DISTRICT: "500103"}
UNHEARD_OF = "an-authority-nobody-announced"
NAMES = {id: name for id, (name, _) in city.NAMES.items()}
Cell = tuple[str, str, str, str, str]


def counts() -> list[dict[str, Any]]:
    """What was counted on many days, around New Year above all; nothing of the district."""
    chance = random.Random(7)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    turns = [day for day in days if (day.month, day.day) > (12, 25) or (day.month, day.day) < (1, 6)]
    keys: set[tuple[date, str, str, TaskKind]] = set()
    for day in (*turns, *chance.sample(days, 60)):
        other = chance.choice([city.JUSTICE, city.MARKET, UNHEARD_OF])
        keys |= {
            (day, city.JUSTICE, "司法", TaskKind.DAILY),
            (day, other, chance.choice(["市场监管", "消防", "a", "Z", ""]), TaskKind.SPECIAL),
        }
    return [
        dict(zip(("day", "authority_id", "domain", "kind"), key, strict=True))
        | {name: chance.randrange(9) for name in COUNTS}
        for key in sorted(keys)
    ]


def period_of(day: date, dimension: Dimension | None) -> str:
    iso = day.isocalendar()
    return {
        Dimension.WEEK: f"{iso.year}-W{iso.week:02}",
        Dimension.MONTH: f"{day:%Y-%m}",
        Dimension.QUARTER: f"{day.year}-Q{(day.month + 2) // 3}",
        Dimension.YEAR: f"{day.year}",
        None: "",
    }[dimension]


def expected(stored: list[dict[str, Any]], by: frozenset[Dimension]) -> dict[Cell, Counter[str]]:
    """The cells of a breakdown, worked out one count after the other."""
    found: dict[Cell, Counter[str]] = {}
    authorities, period = Dimension.AUTHORITY in by, next(iter(by & PERIODS), None)
    for each in stored:
        region = REGIONS.get(each["authority_id"], "") if authorities or Dimension.REGION in by else ""
        cell = (
            region,
            each["authority_id"] if authorities else "",
            each["domain"] if Dimension.DOMAIN in by else "",
            each["kind"].value if Dimension.KIND in by else "",
            period_of(each["day"], period),
        )
        found.setdefault(cell, Counter()).update({name: each[name] for name in COUNTS})
    if authorities:
        found[REGIONS[city.DISTRICT], city.DISTRICT, "", "", ""] = Counter()
    return found


def ask(house: House, by: frozenset[Dimension], **more: Any) -> Any:
    request = {"from_date": FIRST.isoformat(), "to_date": LAST.isoformat(), **more}
    dimensions = [f"DIMENSION_{each}" for each in sorted(by)]
    return house.call("tasks", "GetEffectivenessBreakdown", request | {"by": dimensions}, by=city.SUPERVISOR)


def cell_of(row: Any) -> Cell:
    kind = pb.TaskKind.Name(row.kind).removeprefix("TASK_KIND_") if row.kind else ""
    return row.region, row.authority_id, row.domain, kind, row.period


def made_of(row: Any) -> tuple[int, ...]:
    """What the figures of a row are made of, in the order of `COUNTS`."""
    joint, off_site, problems, scanned, praises = row.figures
    return (
        row.inspections,
        *(joint.numerator, off_site.numerator, problems.numerator),
        *(scanned.denominator, scanned.numerator, praises.denominator, praises.numerator),
    )


CHOICES = [
    frozenset(others) | period
    for size in range(5)
    for others in combinations((Dimension.AUTHORITY, Dimension.REGION, Dimension.DOMAIN, Dimension.KIND), size)
    for period in (frozenset[Dimension](), *(frozenset({each}) for each in sorted(PERIODS)))
    if others or period
]


def test_a_breakdown_by_anything_is_the_sum_of_what_was_counted_whole_and_in_pages(house: House) -> None:
    stored = counts()
    with house.work("tasks") as work:
        work.insert(DailyCount, stored)
    for by in CHOICES:
        right = expected(stored, by)
        whole = ask(house, by)
        rows = {cell_of(row): made_of(row) for row in whole.rows}
        assert rows == {cell: tuple(values[name] for name in COUNTS) for cell, values in right.items()}, by
        assert [cell_of(row) for row in whole.rows] == sorted(right, key=lambda cell: [part.encode() for part in cell])
        assert made_of(whole.total) == tuple(sum(each[name] for each in stored) for name in COUNTS)
        assert (whole.row_count, len(whole.rows), whole.page.next_page_token) == (len(right), len(right), "")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_pages_of_a_breakdown_are_together_the_whole(house: House, size: int) -> None:
    with house.work("tasks") as work:
        work.insert(DailyCount, counts())
    by = frozenset({Dimension.AUTHORITY, Dimension.DOMAIN, Dimension.YEAR})
    whole, token = ask(house, by), ""
    rows: list[Any] = []
    while token or not rows:
        page = ask(house, by, page_size=size, page_token=token)
        assert (len(page.rows) <= size, page.total, page.row_count) == (True, whole.total, whole.row_count)
        rows, token = [*rows, *page.rows], page.page.next_page_token
    assert rows == list(whole.rows)
    assert [row.authority_name for row in rows if row.authority_id == city.DISTRICT] == [NAMES[city.DISTRICT]]
    assert {row.authority_name for row in rows} == {*NAMES.values(), ""}


def test_a_page_of_a_breakdown_is_refused_with_a_token_from_elsewhere(house: House) -> None:
    with pytest.raises(Refused) as caught:
        ask(house, frozenset({Dimension.DOMAIN}), page_token="WzFd")
    assert caught.value.violations == {"page_token": "FORMAT"}
