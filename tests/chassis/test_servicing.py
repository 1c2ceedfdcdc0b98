"""What a write answers."""

from __future__ import annotations

from liangma.plans.v1.annual_caps_pb2 import AnnualCap

from services.chassis.convert import to_proto
from services.chassis.database import Database
from tests.support.shelf import NOON, Book, working


def test_a_thing_is_shown_with_the_version_and_the_stamps_it_is_written_with(database: Database) -> None:
    with working(database, subject="li") as work:
        book = Book(id="1", title="Fairness")
        work.add(book)
        shown = to_proto(book, AnnualCap)  # any message will do that shows them
    assert (shown.etag, shown.created_by, shown.create_time.ToDatetime()) == ("1", "li", NOON.replace(tzinfo=None))
    with working(database, subject="wang") as work:
        book = work.get(Book, "1")
        book.title = "Codes"
        shown = to_proto(book, AnnualCap)
    assert (shown.etag, shown.created_by, shown.updated_by) == ("2", "li", "wang")


def test_what_is_shown_changes_nothing(database: Database) -> None:
    with working(database) as work:
        work.add(Book(id="1", title="Fairness"))
    with working(database) as work:
        assert [to_proto(work.get(Book, "1"), AnnualCap).etag for _ in range(3)] == ["1"] * 3
