"""Rows written in bulk read as if they had been written one by one, few or many, on every database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, Integer, LargeBinary, MetaData, String, Table, Text, insert, select
from sqlalchemy.exc import IntegrityError

from services.chassis import bulk
from services.chassis.bulk import WORTH_COPYING
from services.chassis.database import Database, EnumOf, Instant, JsonOf
from services.chassis.unit_of_work import ChangedMeanwhile
from tests.support.databases import databases, new_database
from tests.support.shelf import NOON, Copy, shelf, working


class Colour(StrEnum):
    """Of the cover."""

    RED = "RED"
    BLUE = "BLUE"


@dataclass(frozen=True)
class Author:
    """Who wrote it."""

    name: str
    born: date | None = None


metadata = MetaData()
papers = Table(
    "papers",
    metadata,
    Column("shelf", String(20), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("colour", EnumOf(Colour), nullable=False, default=Colour.BLUE),
    Column("lent", Boolean),
    Column("printed_on", Date),
    Column("returned_at", Instant()),
    Column("authors", JsonOf(tuple[Author, ...]), nullable=False, default=()),
    Column("remarks", JsonOf(dict[str, list[int]])),
    Column("scan", LargeBinary),
    Column("order", Integer),
)
FULL = {
    "shelf": "a",
    "title": 'tab \t newline \n backslash \\ \\N quote " 汉字 \U0001f4a1 %s :x',
    "colour": Colour.RED,
    "lent": True,
    "printed_on": date(1999, 12, 31),
    "returned_at": datetime(2025, 6, 9, 12, 0, 0, 123456, timezone(timedelta(hours=8))),
    "authors": (Author("李白", date(1990, 1, 2)), Author("")),
    "remarks": {"pages": [1, 2]},
    "scan": bytes(range(256)),
    "order": -7,
}
NOTHING = dict.fromkeys(("lent", "printed_on", "returned_at", "remarks", "scan", "order"))
MANY = WORTH_COPYING * 3


@pytest.fixture(params=databases())
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with archive(request.param) as made:
        yield made


@contextmanager
def archive(kind: str) -> Iterator[Database]:
    with new_database(kind) as url:
        made = Database(url)
        metadata.create_all(made.engine)
        yield made
        made.dispose()


def stored(database: Database) -> list[dict[str, Any]]:
    with database.transaction(read_only=True) as session:
        rows = session.execute(select(papers).order_by(papers.c.shelf, papers.c.place))
        return [dict(row._mapping) for row in rows]


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize("write", [bulk.insert_rows, bulk.upsert_rows])
def test_rows_in_bulk_read_as_those_written_one_by_one(database: Database, write: Any, count: int) -> None:
    rows = [FULL | (NOTHING if place % 2 else {}) | {"place": place} for place in range(count)]
    with database.transaction() as session:
        session.execute(insert(papers), [row | {"shelf": "b"} for row in rows])
        write(session, papers, rows)
        unsaid = select(papers.c.place).where(papers.c.remarks.is_(None), papers.c.lent.is_(None))
        assert len(session.execute(unsaid).all()) == count // 2 * 2
    written = stored(database)
    assert [row | {"shelf": "b"} for row in written[:count]] == written[count:]
    assert {name: value for name, value in written[0].items() if name != "place"} == FULL


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize("write", [bulk.insert_rows, bulk.upsert_rows])
def test_what_is_not_given_has_its_default(database: Database, write: Any, count: int) -> None:
    with database.transaction() as session:
        write(session, papers, [{"shelf": "a", "title": "", "place": place} for place in range(count)])
    assert [(row["colour"], row["authors"], row["lent"]) for row in stored(database)] == [
        (Colour.BLUE, (), None)
    ] * count


@pytest.mark.parametrize("count", [1, MANY])
def test_what_rows_have_in_common_is_in_each(database: Database, count: int) -> None:
    alike = {name: FULL[name] for name in ("shelf", "colour", "returned_at", "authors", "remarks", "scan")}
    own = {name: value for name, value in FULL.items() if name not in alike}
    with database.transaction() as session:
        bulk.insert_rows(session, papers, [own | {"place": place} for place in range(count)], alike)
    assert stored(database) == [FULL | {"place": place} for place in range(count)]


@pytest.mark.parametrize("count", [1, MANY])
def test_an_upsert_changes_what_it_is_given_and_nothing_else(database: Database, count: int) -> None:
    with database.transaction() as session:
        bulk.insert_rows(session, papers, [FULL | {"place": place} for place in range(count)])
        changes = [{"place": place, "title": "new", "shelf": "a"} for place in range(count + 1)]
        bulk.upsert_rows(session, papers, [*changes, {"title": "last", "shelf": "a", "place": 0}])
    titles = ["last", *["new"] * count]
    assert [row["title"] for row in stored(database)] == titles
    assert [row["colour"] for row in stored(database)] == [Colour.RED] * count + [Colour.BLUE]


def test_an_upsert_of_nothing_but_keys_leaves_what_is_there(database: Database) -> None:
    with database.transaction() as session:
        keys = Table("keys", MetaData(), Column("order", String(5), primary_key=True))
        keys.create(session.connection())
        for words in (["one"], ["one", "two"], ["three"]):
            bulk.upsert_rows(session, keys, [{"order": word} for word in words])
        assert sorted(session.scalars(select(keys.c.order))) == ["one", "three", "two"]
        keys.drop(session.connection())


@pytest.mark.parametrize("count", [1, MANY])
def test_a_key_that_is_taken_is_refused_as_everywhere(database: Database, count: int) -> None:
    rows = [FULL | {"place": place} for place in range(count)]
    with database.transaction() as session:
        bulk.insert_rows(session, papers, rows[:1])
    with pytest.raises(IntegrityError), database.transaction() as session:
        bulk.insert_rows(session, papers, rows)
    assert len(stored(database)) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("count", [1, MANY])
def test_of_two_who_enter_the_same_at_once_the_second_is_told(count: int) -> None:
    rows = [{"id": str(number), "title": "x", "version": 1} for number in range(count)]
    with shelf("postgresql") as database:
        with pytest.raises(ChangedMeanwhile), working(database) as slow:
            assert slow.count(Copy) == 0
            with working(database) as quick:
                quick.insert(Copy, rows)
            slow.insert(Copy, rows)
        with working(database) as work:
            assert work.count(Copy) == count


def test_numbers_grow_by_what_everybody_adds(database: Database) -> None:
    tallies = Table(
        "tallies",
        MetaData(),
        Column("shelf", String(20), primary_key=True),
        Column("read", Integer),
        Column("lent", Integer),
    )
    tallies.create(database.engine)

    def add(n: int) -> None:
        rows = [{"shelf": "a", "read": 1, "lent": -n}, {"shelf": f"b{n % 2}", "read": 2, "lent": 0}]
        with database.transaction() as session:
            bulk.increase_rows(session, tallies, rows[:: 1 if n % 3 else -1])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    with database.transaction(read_only=True) as session:
        found = session.execute(select(tallies).order_by("shelf")).all()
    assert found == [("a", 24, -sum(range(24))), ("b0", 24, 0), ("b1", 24, 0)]
    tallies.drop(database.engine)


def test_rows_are_found_by_any_number_of_texts(database: Database) -> None:
    texts = ["a", "quote '\" \\", "汉字", "comma, {brace}", "", "NULL"]
    with database.transaction() as session:
        rows: list[Mapping[str, object]] = [
            {"shelf": "s", "place": place, "title": title} for place, title in enumerate([*texts, "other"])
        ]
        bulk.insert_rows(session, papers, rows)

        def found(*wanted: str) -> list[int]:
            chosen = bulk.among(session, papers.c.title, wanted)
            return sorted(session.scalars(select(papers.c.place).where(chosen)))

        assert found(*texts, "nowhere") == list(range(len(texts)))
        assert [found(text) for text in texts] == [[place] for place in range(len(texts))]
        assert found() == []


def test_rows_can_be_read_as_a_table(database: Database) -> None:
    columns = [papers.c.shelf, papers.c.place, papers.c.title]
    rows = [("b", 10, "quote \" ' \\"), ("a", 9, "汉字"), ("a", 10, "")]
    with database.transaction() as session:
        table = bulk.as_table(session, columns, rows).order_by("shelf", "place")
        assert session.execute(table).all() == sorted(rows)
        assert session.execute(bulk.as_table(session, columns, [])).all() == []


def test_the_same_instant_is_kept_the_same_whatever_its_zone(database: Database) -> None:
    zones = [UTC, timezone(timedelta(hours=8))]
    rows = [FULL | {"place": n, "returned_at": NOON.astimezone(zones[n % 2])} for n in range(MANY)]
    with database.transaction() as session:
        bulk.insert_rows(session, papers, rows)
    assert {row["returned_at"] for row in stored(database)} == {NOON}
