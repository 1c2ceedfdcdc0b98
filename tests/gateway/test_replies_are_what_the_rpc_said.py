"""How a reply message becomes an HTTP reply: JSON, files, streams."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import orjson
from google.api.httpbody_pb2 import HttpBody
from liangma.type.v1 import attachment_pb2

from tests.gateway import trial
from tests.gateway.support import Door, refuse

Book = trial.message("Book")


def test_every_field_is_there_and_the_etag_is_a_header_too(door: Door, client: httpx.Client) -> None:
    door.services.answers["GetBook"] = lambda _, __: Book(book_id="b", etag="7", copies=2**40)
    reply = client.get("/v1/books/b")
    assert reply.headers["etag"] == '"7"'
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json()["copies"] == str(2**40)
    assert reply.json()["title"] == ""


def test_head_answers_like_get_without_the_body(door: Door, client: httpx.Client) -> None:
    door.services.answers["GetBook"] = lambda _, __: Book(book_id="b", etag="7")
    reply = client.head("/v1/books/b")
    assert (reply.status_code, reply.headers["etag"], reply.content) == (200, '"7"', b"")


def test_a_file_is_sent_as_it_is(door: Door, client: httpx.Client) -> None:
    door.services.answers["GetFile"] = lambda _, __: HttpBody(content_type="image/svg+xml", data=b"<svg/>")
    reply = client.get("/v1/files/a")
    assert (reply.content, reply.headers["content-type"]) == (b"<svg/>", "image/svg+xml")
    assert "sandbox" in reply.headers["content-security-policy"]
    assert reply.headers["content-disposition"] == "inline; filename*=UTF-8''files.svg"


def test_a_file_of_an_unknown_kind_has_no_name(door: Door, client: httpx.Client) -> None:
    door.services.answers["GetFile"] = lambda _, __: HttpBody(data=b"?")
    reply = client.get("/v1/files/a")
    assert reply.headers["content-type"] == "application/octet-stream"
    assert "content-disposition" not in reply.headers


def test_a_file_carries_the_name_of_its_attachment(door: Door, client: httpx.Client) -> None:
    body = HttpBody(content_type="application/pdf", data=b"%PDF-")
    body.extensions.add().Pack(attachment_pb2.Attachment(name="检查通知书.pdf"))
    door.services.answers["GetFile"] = lambda _, __: body
    disposition = client.get("/v1/files/a").headers["content-disposition"]
    assert disposition == "attachment; filename*=UTF-8''%E6%A3%80%E6%9F%A5%E9%80%9A%E7%9F%A5%E4%B9%A6.pdf"


def test_a_file_may_carry_its_name_in_its_media_type(door: Door, client: httpx.Client) -> None:
    door.services.answers["GetFile"] = lambda _, __: HttpBody(content_type='text/csv; name="plans.csv"', data=b"a")
    assert client.get("/v1/files/a").headers["content-disposition"] == "attachment; filename*=UTF-8''plans.csv"


def test_a_stream_is_one_line_per_message(door: Door, client: httpx.Client) -> None:
    door.services.answers["WatchBooks"] = lambda _, __: iter([Book(book_id="1"), Book(book_id="2")])
    reply = client.get("/v1/books:watch")
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert [orjson.loads(line)["bookId"] for line in reply.text.splitlines()] == ["1", "2"]


def test_an_empty_stream_is_an_empty_reply(door: Door, client: httpx.Client) -> None:
    door.services.answers["WatchBooks"] = lambda _, __: iter([])
    reply = client.get("/v1/books:watch")
    assert (reply.status_code, reply.content) == (200, b"")


def test_a_stream_that_is_refused_at_once_has_the_status_of_the_refusal(door: Door, client: httpx.Client) -> None:
    def answer(_: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        refuse(context, grpc.StatusCode.NOT_FOUND, "NO_SUCH_THING", "未找到", "no such thing")
        yield Book()

    door.services.answers["WatchBooks"] = answer
    reply = client.get("/v1/books:watch")
    assert (reply.status_code, reply.json()["reason"]) == (404, "NO_SUCH_THING")


def test_a_stream_that_breaks_off_says_so_in_its_last_line(door: Door, client: httpx.Client) -> None:
    def answer(_: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield Book(book_id="1")
        refuse(context, grpc.StatusCode.ABORTED, "STALE", "已被修改", "has changed")

    door.services.answers["WatchBooks"] = answer
    lines = [orjson.loads(line) for line in client.get("/v1/books:watch").text.splitlines()]
    assert lines[0]["bookId"] == "1"
    assert lines[1]["problem"]["reason"] == "STALE"


def test_lines_arrive_while_the_stream_goes_on(door: Door, client: httpx.Client) -> None:
    may_end = threading.Event()

    def answer(_: Any, __: grpc.ServicerContext) -> Iterator[Any]:
        yield Book(book_id="1")
        assert may_end.wait(20)
        yield Book(book_id="2")

    door.services.answers["WatchBooks"] = answer
    with client.stream("GET", "/v1/books:watch") as reply:
        lines = reply.iter_lines()
        assert orjson.loads(next(lines))["bookId"] == "1"
        may_end.set()
        assert orjson.loads(next(lines))["bookId"] == "2"


def test_leaving_a_stream_cancels_the_call(door: Door, client: httpx.Client) -> None:
    cancelled, leaving = threading.Event(), threading.Event()

    def answer(_: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        context.add_callback(cancelled.set)
        while not cancelled.wait(0.01):
            yield Book(title="x" * 1000)

    door.services.answers["WatchBooks"] = answer
    with client.stream("GET", "/v1/books:watch") as reply:
        next(reply.iter_lines())
        leaving.set()
    assert cancelled.wait(20)


def test_a_file_may_come_in_parts(door: Door, client: httpx.Client) -> None:
    parts = [HttpBody(content_type="text/csv", data=b"a\n"), HttpBody(data=b"b\n")]
    door.services.answers["ExportBooks"] = lambda _, __: iter(parts)
    reply = client.get("/v1/books:export")
    assert (reply.content, reply.headers["content-type"]) == (b"a\nb\n", "text/csv")


def test_a_file_that_breaks_off_is_not_mistaken_for_whole(door: Door, client: httpx.Client) -> None:
    def answer(_: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield HttpBody(content_type="text/csv", data=b"a\n")
        context.abort(grpc.StatusCode.INTERNAL, "broken")

    door.services.answers["ExportBooks"] = answer
    try:
        client.get("/v1/books:export")
    except httpx.RemoteProtocolError:
        return
    raise AssertionError("the client took half a file for a whole one")
