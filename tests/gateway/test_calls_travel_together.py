"""What many ask at the same moment, without signing in, reaches the service as one call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import httpx
import pytest

from gateway.joining import LARGE, MOST, Joint, Metadata
from tests.gateway import support, trial

READ = "liangma.trial.v1.BooksService/ReadBook"


class Title(str):
    """A request, as far as it is looked at."""

    def ByteSize(self) -> int:
        """Its size."""
        return len(self)


class Library:
    """A service that answers when it is told to.

    Args:
        refusal: how it refuses batches; None: it does not.
    """

    def __init__(self, refusal: grpc.StatusCode | None = None) -> None:
        self.asked: list[list[str]] = []
        self.metadata: list[Metadata] = []
        self.may_answer = asyncio.Event()
        self._refusal = refusal

    async def read(self, request: Any, metadata: Metadata) -> str:
        """One book; there is none called `?`."""
        self.asked.append([request])
        await self.may_answer.wait()
        if request == "?":
            raise failure(grpc.StatusCode.INVALID_ARGUMENT)
        return f"text of {request}"

    async def read_many(self, requests: Sequence[Any], metadata: Metadata) -> list[str]:
        """Books, or none at all."""
        self.asked.append(list(requests))
        self.metadata.append(metadata)
        await self.may_answer.wait()
        if self._refusal:
            raise failure(self._refusal)
        return [f"text of {each}" for each in requests if each != "lost"]

    async def asked_for(self, *books: str) -> list[Any]:
        """What callers hear who ask one after the other, while the service keeps them waiting."""
        joint = Joint(self.read, self.read_many)
        calls = (joint.call(Title(book), [("x-request-id", book)]) for book in books)  # type: ignore[arg-type]
        asyncio.get_running_loop().call_later(0, self.may_answer.set)
        return await asyncio.gather(*calls, return_exceptions=True)


def failure(code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "no")


def test_an_idle_service_is_asked_at_once_and_a_busy_one_for_all_who_wait() -> None:
    async def scene() -> None:
        library = Library()
        heard = await library.asked_for(*"abcdef")
        assert heard == [f"text of {book}" for book in "abcdef"]
        assert library.asked == [["a"], ["b"], ["c", "d", "e", "f"]]
        assert library.metadata == [[("x-request-id", "c")]]

    asyncio.run(scene())


def test_no_batch_is_larger_than_the_contract_allows() -> None:
    async def scene() -> None:
        library = Library()
        books = [str(number) for number in range(2 * MOST)]
        assert await library.asked_for(*books) == [f"text of {book}" for book in books]
        assert max(map(len, library.asked)) == MOST
        assert sum(map(len, library.asked)) == len(books)

    asyncio.run(scene())


def test_a_large_request_travels_alone() -> None:
    async def scene() -> None:
        library, large = Library(), "x" * (LARGE + 1)
        heard = await library.asked_for("a", "b", large, "c", large, "d")
        assert [each[8] for each in heard] == [*"abxcxd"]
        assert library.asked.count([large]) == 2
        assert [asked for asked in library.asked if asked != [large]] == [["a"], ["b"], ["c", "d"]]

    asyncio.run(scene())


@pytest.mark.parametrize("refusal", ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED", "INTERNAL"])
def test_a_request_that_a_batch_is_refused_for_spoils_no_other(refusal: str) -> None:
    async def scene() -> None:
        library = Library(grpc.StatusCode[refusal])
        heard = await library.asked_for("a", "b", "c", "?", "d")
        assert [*heard[:3], heard[4]] == [f"text of {book}" for book in "abcd"]
        assert heard[3].code() is grpc.StatusCode.INVALID_ARGUMENT
        assert library.asked[2:] == [["c", "?", "d"], ["c"], ["?"], ["d"]]

    asyncio.run(scene())


def test_answers_that_do_not_match_the_requests_are_given_to_nobody() -> None:
    async def scene() -> None:
        library = Library()
        heard = await library.asked_for("a", "b", "c", "lost", "d")
        assert heard == [f"text of {book}" for book in ("a", "b", "c", "lost", "d")]
        assert library.asked[2:] == [["c", "lost", "d"], ["c"], ["lost"], ["d"]]

    asyncio.run(scene())


def test_a_batch_that_does_not_come_back_holds_up_nobody() -> None:
    async def scene() -> None:
        slow, fast = Library(), Library()
        fast.may_answer.set()

        async def read(request: Any, metadata: Metadata) -> str:
            return await (slow if request in "ab" else fast).read(request, metadata)

        joint = Joint(read, fast.read_many)
        stuck = [asyncio.create_task(joint.call(Title(book), [])) for book in "ab"]  # type: ignore[arg-type]
        await asyncio.sleep(0)
        assert await joint.call(Title("c"), []) == "text of c"  # type: ignore[arg-type]
        assert not any(each.done() for each in stuck)
        slow.may_answer.set()
        assert await asyncio.gather(*stuck) == ["text of a", "text of b"]

    asyncio.run(scene())


def test_who_asked_is_told_when_the_call_is_cut_off() -> None:
    async def cut_off(*_: object) -> Any:
        raise asyncio.CancelledError

    async def scene() -> None:
        joint = Joint(cut_off, cut_off)
        calls = (joint.call(Title(book), []) for book in "abcd")  # type: ignore[arg-type]
        heard = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(each) for each in heard] == [asyncio.CancelledError] * 4

    asyncio.run(scene())


def test_a_service_that_fails_fails_for_all_who_asked_together() -> None:
    async def scene() -> None:
        library = Library(grpc.StatusCode.UNAVAILABLE)
        heard = await library.asked_for(*"abcd")
        assert heard[:2] == ["text of a", "text of b"]
        assert [each.code() for each in heard[2:]] == [grpc.StatusCode.UNAVAILABLE] * 2

    asyncio.run(scene())


def test_a_caller_who_leaves_is_not_asked_for() -> None:
    async def scene() -> None:
        library = Library()
        joint = Joint(library.read, library.read_many)
        callers = [asyncio.create_task(joint.call(Title(book), [])) for book in "abcd"]  # type: ignore[arg-type]
        asyncio.get_running_loop().call_soon(callers[2].cancel)
        asyncio.get_running_loop().call_later(0, library.may_answer.set)
        assert await callers[3] == "text of d"
        assert library.asked == [["a"], ["b"], ["d"]]

    asyncio.run(scene())


def answer_books(door: support.Door) -> None:
    reply, replies = trial.message("ReadBookResponse"), trial.message("BatchReadBooksResponse")

    def read(request: Any, context: grpc.ServicerContext) -> Any:
        if not request.book_id:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no id")
        return reply(text=f"text of {request.book_id}")

    def read_many(request: Any, context: grpc.ServicerContext) -> Any:
        return replies(replies=[read(each, context) for each in request.requests])

    door.services.answers |= {"ReadBook": read, "BatchReadBooks": read_many}


def read_books(client: httpx.Client, books: Sequence[str]) -> list[httpx.Response]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda book: client.post("/v1/books:read", json={"book_id": book}), books))


@pytest.mark.parametrize("books", [[str(number) for number in range(60)], ["a", "", "b", ""] * 8])
def test_everybody_gets_the_answer_to_their_own_question(
    door: support.Door, stranger: httpx.Client, books: list[str]
) -> None:
    answer_books(door)
    for book, reply in zip(books, read_books(stranger, books), strict=True):
        assert reply.status_code == (200 if book else 400)
        assert not book or reply.json() == {"text": f"text of {book}"}


def test_who_has_signed_in_asks_alone_and_under_their_own_name(door: support.Door, client: httpx.Client) -> None:
    answer_books(door)
    assert all(reply.status_code == 200 for reply in read_books(client, ["a"] * 40))
    assert [(name, "authorization" in metadata) for name, _, metadata in door.services.asked] == [
        ("ReadBook", True)
    ] * 40
