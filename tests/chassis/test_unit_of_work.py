from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from liangma.tasks.v1 import events_pb2, tasks_pb2
from sqlalchemy import select

from services.chassis.database import Database
from services.chassis.errors import InvalidArgument, NoSuchThing, StaleEtag
from services.chassis.idempotency import Memory, RequestIdReused
from services.chassis.paging import paginate
from services.chassis.unit_of_work import ChangedMeanwhile
from tests.support.shelf import NOON, Book, Copy, Note, TaskCompleted, books, metadata, shelf, working


def add(database: Database, *ids: str) -> None:
    with working(database) as work:
        work.add(*(Book(id=id, title=f"title {id}") for id in ids))


def test_what_is_added_is_there_afterwards_with_stamps_and_a_first_version(database: Database) -> None:
    add(database, "a")
    with working(database) as work:
        book = work.get(Book, "a")
        assert (book.version, book.created_at, book.created_by) == (1, NOON, "li")


def test_a_change_counts_the_version_and_stamps_who_changed_it(database: Database) -> None:
    add(database, "a")
    with working(database, subject="wang", now=NOON + timedelta(hours=1)) as work:
        work.get(Book, "a").title = "new"
    with working(database) as work:
        book = work.get(Book, "a")
        assert (book.version, book.created_by, book.updated_by) == (2, "li", "wang")
        assert book.updated_at == NOON + timedelta(hours=1)


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError), working(database) as work:
        work.add(Book(id="a", title="x"))
        work.emit(TaskCompleted("t"))
        work.next_number("s")
        raise RuntimeError
    with working(database) as work:
        assert work.count(Book) == 0
        assert work.next_number("s") == 1
        assert work.session.execute(select(metadata.tables["outbox"])).all() == []


def test_many_numbers_of_a_series_are_taken_in_one_go(database: Database) -> None:
    with working(database) as work:
        taken = [*work.next_numbers("s", 3), work.next_number("s"), *work.next_numbers("s", 2)]
        assert taken == [1, 2, 3, 4, 5, 6]
        assert list(work.next_numbers("t", 1)) == [1]


def test_an_unknown_id_is_named(database: Database) -> None:
    with pytest.raises(NoSuchThing) as refused, working(database) as work:
        work.get(Book, "zz")
    assert refused.value.metadata == {"kind": "Book", "id": "zz"}


def test_a_stale_etag_is_refused_with_the_one_that_stands(database: Database) -> None:
    add(database, "a")
    with pytest.raises(StaleEtag) as refused, working(database) as work:
        work.get(Book, "a", etag="7")
    assert refused.value.metadata["etag"] == "1"


@pytest.mark.postgresql
def test_of_two_who_change_the_same_thing_at_once_the_second_is_told() -> None:
    with shelf("postgresql") as database:
        add(database, "a")
        with pytest.raises(ChangedMeanwhile), working(database) as slow:
            slow.get(Book, "a").title = "slow"
            with working(database) as quick:
                quick.get(Book, "a").title = "quick"
        with working(database) as work:
            assert work.get(Book, "a").title == "quick"


def test_filters_take_equal_none_and_one_of(database: Database) -> None:
    add(database, "a", "b", "c")
    with working(database) as work:
        assert [book.id for book in work.all(Book, id=["a", "c"], order_by=["-id"])] == ["c", "a"]
        assert work.find(Book, title="title b", updated_at=NOON) is not None
        assert work.count(Book, created_at=None) == 0


def test_batches_bring_all_that_match_and_what_was_done_with_each_is_kept(database: Database) -> None:
    add(database, *"abcdefg")
    sizes = []
    with working(database) as work:
        for batch in work.batches(Book, 3, id=list("abcdeg")):
            sizes.append([book.id for book in batch])
            for book in batch:
                book.title = "seen"
                work.emit(TaskCompleted(book.id))
            assert len(work.session.identity_map) == len(batch)
    assert sizes == [["a", "b", "c"], ["d", "e", "g"]]
    with working(database) as work:
        assert [book.id for book in work.all(Book, order_by=["id"], title="seen")] == list("abcdeg")
        outbox = metadata.tables["outbox"]
        told = work.session.scalars(select(outbox.c.aggregate_id).order_by(outbox.c.sequence))
        assert list(told) == list("abcdeg")


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (2, [2]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_batches_of_rows_bring_all_that_match_once_though_they_match_no_longer(
    database: Database, count: int, sizes: list[int]
) -> None:
    add(database, *"abcdefg"[:count], "z")
    with working(database) as work:
        seen: list[list[str]] = []
        for batch in work.row_batches(Book, ("id", "title"), 3, title=[f"title {id}" for id in "abcdefg"]):
            seen.append([row.id for row in batch])
            work.change(Book, {"title": "seen"}, id=seen[-1])
            work.emit(*(TaskCompleted(row.id) for row in batch))
    assert [len(ids) for ids in seen] == sizes
    with working(database) as work:
        assert [row.id for row in work.rows(Book, ("id",), title="seen")] == [id for ids in seen for id in ids]
        outbox = metadata.tables["outbox"]
        told = work.session.scalars(select(outbox.c.aggregate_id).order_by(outbox.c.sequence))
        assert list(told) == list("abcdefg"[:count])


def test_a_change_of_many_counts_versions_stamps_and_adds_to_the_end(database: Database) -> None:
    add(database, *"abc")
    later = NOON + timedelta(hours=1)
    notes = [Note('他说"好"\n', NOON), Note("b", None)]
    with working(database, subject="wang", now=later) as work:
        work.get(Book, "c").title = "new"
        assert work.change(Book, {"title": "many"}, append={"notes": notes[0]}, id=["a", "b", "zz"]) == 2
        assert work.change(Book, {}, append={"notes": notes[1]}, title=["many", "new"]) == 3
    with working(database) as work:
        found = {book.id: (book.title, book.notes, book.version) for book in work.all(Book)}
        assert found == {"a": ("many", (*notes,), 3), "b": ("many", (*notes,), 3), "c": ("new", (notes[1],), 3)}
        assert {(book.updated_by, book.updated_at) for book in work.all(Book)} == {("wang", later)}


@pytest.mark.parametrize("count", [1, 19, 20, 3000])
def test_many_are_found_and_erased_by_their_ids(database: Database, count: int) -> None:
    ids = [f"{n:05}" for n in range(count)]
    with working(database) as work:
        work.insert(Copy, [{"id": id, "title": "x", "version": 1} for id in [*ids, "kept"]])
    with working(database) as work:
        assert [row.id for row in work.rows(Copy, ("id",), id=set(ids))] == ids
        assert work.erase(Copy, id=[*ids, "zz"], title=["x", "y"]) == count
        assert [row.id for row in work.rows(Copy, ("id",))] == ["kept"]


def test_what_is_done_in_batches_is_undone_whole(database: Database) -> None:
    add(database, *"abc")
    with pytest.raises(RuntimeError), working(database) as work:
        for batch in work.batches(Book, 1):
            batch[0].title = "seen"
            work.emit(TaskCompleted(batch[0].id))
            if batch[0].id == "c":
                raise RuntimeError
    with working(database) as work:
        assert work.count(Book, title="seen") == 0
        assert work.session.execute(select(metadata.tables["outbox"])).all() == []


def test_an_upsert_keeps_the_newest_version_whatever_the_order(database: Database) -> None:
    with working(database) as work:
        work.upsert(Copy, [{"id": "a", "title": "two", "version": 2}, {"id": "b", "title": "one", "version": 1}])
    with working(database) as work:
        work.upsert(Copy, [{"id": "a", "title": "one", "version": 1}, {"id": "b", "title": "five", "version": 5}])
    with working(database) as work:
        assert {copy.id: copy.title for copy in work.all(Copy)} == {"a": "two", "b": "five"}


def test_of_rows_with_one_key_in_one_upsert_the_newest_counts(database: Database) -> None:
    with working(database) as work:
        work.upsert(Copy, [{"id": "a", "title": f"{n}", "version": n} for n in (2, 3, 1)])
    with working(database) as work:
        assert work.get(Copy, "a").title == "3"


def test_facts_lie_in_the_outbox_in_the_order_they_were_announced(database: Database) -> None:
    with working(database) as work:
        work.emit(*(TaskCompleted(f"t{n}") for n in range(5)))
    with working(database) as work:
        outbox = metadata.tables["outbox"]
        rows = work.session.execute(select(outbox).order_by(outbox.c.sequence)).all()
    assert [row.aggregate_id for row in rows] == [f"t{n}" for n in range(5)]
    assert {row.message for row in rows} == {events_pb2.TaskCompleted.DESCRIPTOR.full_name}


def test_numbers_have_no_gap_and_no_double_under_concurrency(database: Database) -> None:
    def take(n: int) -> int | None:
        try:
            with working(database) as work:
                number = work.next_number("渝司/2025")
                if n % 3 == 0:
                    raise ZeroDivisionError
                return number
        except ZeroDivisionError:
            return None

    with ThreadPoolExecutor(8) as pool:
        numbers = [n for n in pool.map(take, range(48)) if n is not None]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_a_subscription_meets_a_fact_once(database: Database) -> None:
    with working(database) as work:
        assert work.first_time("e", "tasks")
        assert not work.first_time("e", "tasks")
        assert work.first_time("e", "codes")


@pytest.mark.parametrize("descending", [False, True])
def test_pages_join_to_the_whole_list_even_while_others_write(database: Database, descending: bool) -> None:
    ids = [f"{n:03}" for n in range(25)]
    add(database, *ids)
    seen: list[str] = []
    token = ""
    for step in range(10):
        with working(database) as work:
            order = [books.c.created_at, books.c.id]
            page = paginate(
                work.session, select(Book), order=order, page_size=7, page_token=token, descending=descending
            )
            seen += [book.id for book in page.items]
            token = page.next_page_token
        if step == 0:
            add(database, "0000")
        if not token:
            break
    assert [id for id in seen if id != "0000"] == (ids[::-1] if descending else ids)


@pytest.mark.parametrize("token", ["x", "bm9uc2Vuc2U", "WyJhIl0"])
def test_a_token_that_was_not_given_out_is_refused(database: Database, token: str) -> None:
    with pytest.raises(InvalidArgument) as refused, working(database) as work:
        paginate(work.session, select(Book), order=[books.c.created_at, books.c.id], page_token=token)
    assert refused.value.violations[0].field == "page_token"


def memory(work: object, request: object) -> Memory:
    return Memory.of(
        work.session,  # type: ignore[attr-defined]
        metadata.tables["idempotency"],
        subject="li",
        method="m",
        request=request,  # type: ignore[arg-type]
    )


def test_a_repeat_gets_the_first_answer(database: Database) -> None:
    request = tasks_pb2.CancelTaskRequest(task_id="t", request_id="r")
    with working(database) as work:
        first = memory(work, request)
        assert first.claim(NOON) is None
        first.keep(events_pb2.TaskCompleted(task_id="answer"))
    with working(database) as work:
        answer = memory(work, request).claim(NOON)
    assert events_pb2.TaskCompleted.FromString(answer or b"").task_id == "answer"


def test_a_request_id_serves_one_request_only(database: Database) -> None:
    with working(database) as work:
        first = memory(work, tasks_pb2.CancelTaskRequest(task_id="t", request_id="r"))
        first.claim(NOON)
        first.keep(events_pb2.TaskCompleted())
    with pytest.raises(RequestIdReused), working(database) as work:
        memory(work, tasks_pb2.CancelTaskRequest(task_id="other", request_id="r")).claim(NOON)


def test_a_request_that_failed_may_be_repeated(database: Database) -> None:
    request = tasks_pb2.CancelTaskRequest(task_id="t", request_id="r")
    with pytest.raises(RuntimeError), working(database) as work:
        memory(work, request).claim(NOON)
        raise RuntimeError
    with working(database) as work:
        assert memory(work, request).claim(NOON) is None
