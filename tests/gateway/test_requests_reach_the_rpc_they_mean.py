"""google.api.http: how a request line, a query and a body become a request message."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from google.api import httpbody_pb2
from google.protobuf import empty_pb2

from tests.gateway import trial
from tests.gateway.support import Door

Book = trial.message("Book")


@pytest.fixture(autouse=True)
def _services_answer(door: Door) -> None:
    for name in ("CreateBook", "UpdateBook", "GetBook", "ShelveBook", "UploadCover", "UploadFile"):
        door.services.answers[name] = lambda _, __: Book(book_id="b", etag="7")
    door.services.answers["ListBooks"] = lambda _, __: trial.message("ListBooksResponse")(books=[Book(book_id="b")])
    door.services.answers["TagBook"] = lambda request, _: request
    door.services.answers["DeleteBook"] = lambda _, __: empty_pb2.Empty()
    for name in ("GetFile", "PrintFile"):
        door.services.answers[name] = lambda _, __: httpbody_pb2.HttpBody(content_type="text/plain", data=b"x")


def asked(door: Door) -> tuple[str, Any]:
    assert len(door.services.asked) == 1
    name, request, _ = door.services.asked.pop()
    return name, request


def test_a_path_variable_goes_into_its_field(door: Door, client: httpx.Client) -> None:
    assert client.get("/v1/books/b1").status_code == 200
    assert asked(door) == ("GetBook", trial.message("GetBookRequest")(book_id="b1"))


def test_a_path_variable_is_percent_decoded_slash_and_all(door: Door, client: httpx.Client) -> None:
    client.get("/v1/books/a%2Fb%20%E7%A0%81")
    assert asked(door)[1].book_id == "a/b 码"


def test_a_variable_of_several_segments_keeps_encoded_slashes(door: Door, client: httpx.Client) -> None:
    client.get("/v1/shelves/x%2Fy/books/z%20z")
    assert asked(door)[1].name == "shelves/x%2Fy/books/z z"


@pytest.mark.parametrize(("path", "name"), [("/a/b/c", "a/b/c"), ("/a", "a"), ("", ""), ("/", "")])
def test_a_double_star_takes_the_rest_of_the_path(door: Door, client: httpx.Client, path: str, name: str) -> None:
    client.get(f"/v1/files{path}")
    assert asked(door) == ("GetFile", trial.message("GetBookRequest")(name=name))


def test_a_custom_verb_follows_a_double_star(door: Door, client: httpx.Client) -> None:
    client.post("/v1/files/a/b:print")
    assert asked(door) == ("PrintFile", trial.message("GetBookRequest")(name="a/b"))


def test_a_custom_verb_is_told_from_an_id_with_a_colon(door: Door, client: httpx.Client) -> None:
    client.post("/v1/books/b1:shelve", json={"remark": "top"})
    assert asked(door) == ("ShelveBook", trial.message("ShelveBookRequest")(book_id="b1", remark="top"))
    client.get("/v1/books/b1:x")
    assert asked(door)[1].book_id == "b1:x"


def test_a_variable_may_lie_within_the_body(door: Door, client: httpx.Client) -> None:
    client.patch("/v1/books/b1", json={"title": "码", "bookId": "another"})
    name, request = asked(door)
    assert (name, request.book.book_id, request.book.title) == ("UpdateBook", "b1", "码")


def test_a_body_field_leaves_the_others_to_the_query(door: Door, client: httpx.Client) -> None:
    client.post("/v1/books?shelf=top&requestId=r1", json={"title": "t", "pages": 3})
    name, request = asked(door)
    assert name == "CreateBook"
    assert request == trial.message("CreateBookRequest")(book=Book(title="t", pages=3), shelf="top", request_id="r1")


def test_a_body_may_be_a_list(door: Door, client: httpx.Client) -> None:
    reply = client.put("/v1/books/b1/tags", json=["a", "b"])
    assert reply.json() == ["a", "b"]
    assert list(asked(door)[1].tags) == ["a", "b"]


def test_an_additional_binding_may_send_one_field_of_the_reply(door: Door, client: httpx.Client) -> None:
    assert [book["bookId"] for book in client.get("/v1/books:bare").json()] == ["b"]
    assert asked(door)[0] == "ListBooks"


def test_a_custom_method_reaches_its_rpc(door: Door, client: httpx.Client) -> None:
    client.request("SEARCH", "/v1/books?name=n")
    assert asked(door) == ("GetBook", trial.message("GetBookRequest")(name="n"))


def test_query_parameters_reach_fields_of_every_kind(door: Door, client: httpx.Client) -> None:
    client.get(
        "/v1/books",
        params=[
            ("like.title", "t"),
            ("like.shelf.name", "s"),
            ("state", "BOOK_STATE_DRAFT"),
            ("states", "BOOK_STATE_DRAFT"),
            ("states", "2"),
            ("since", "2025-06-01T08:00:00.5+08:00"),
            ("page_size", "5"),
            ("numbers", "1"),
            ("numbers", "-9007199254740993"),
            ("rare", "true"),
            ("wrapped", "0"),
            ("that", "x"),
            ("like.createTime", "2025-01-01T00:00:00Z"),
            ("like.tags", "码"),
        ],
    )
    expected = trial.message("GetBookRequest")(
        like=Book(title="t", shelf=trial.message("Shelf")(name="s"), tags=["码"]),
        state=1,
        states=[1, 2],
        page_size=5,
        numbers=[1, -9007199254740993],
        rare=True,
        that="x",
    )
    expected.since.FromJsonString("2025-06-01T00:00:00.5Z")
    expected.like.create_time.FromJsonString("2025-01-01T00:00:00Z")
    expected.wrapped.SetInParent()
    assert asked(door) == ("ListBooks", expected)


def test_an_upload_reaches_a_field_that_is_an_http_body(door: Door, client: httpx.Client) -> None:
    client.put("/v1/books/b1/cover", content=b"\x00\xff", headers={"content-type": "image/png"})
    request = asked(door)[1]
    assert (request.book_id, request.cover.content_type, request.cover.data) == ("b1", "image/png", b"\x00\xff")


def test_an_upload_may_be_the_whole_request(door: Door, client: httpx.Client) -> None:
    client.post("/v1/files", content=b"a,b", headers={"content-type": "text/csv"})
    request = asked(door)[1]
    assert (request.content_type, request.data) == ("text/csv", b"a,b")


def test_an_upload_may_be_the_file_of_a_form(door: Door, client: httpx.Client) -> None:
    client.put("/v1/books/b1/cover", files={"file": ("封面.png", b"\x00\xff", "image/png")})
    request = asked(door)[1]
    assert (request.book_id, request.cover.content_type, request.cover.data) == ("b1", "image/png", b"\x00\xff")
    client.post("/v1/files", files={"file": ("a.csv", b"a,b", "text/csv")})
    request = asked(door)[1]
    assert (request.content_type, request.data) == ("text/csv", b"a,b")


def test_a_form_means_nothing_where_no_file_is_taken(door: Door, client: httpx.Client) -> None:
    assert client.post("/v1/books", files={"file": ("a.json", b"{}", "application/json")}).status_code == 415


def test_idempotency_key_and_if_match_go_into_their_fields(door: Door, client: httpx.Client) -> None:
    client.post("/v1/books/b1:shelve", headers={"idempotency-key": "k1", "if-match": '"7"'})
    request = asked(door)[1]
    assert (request.request_id, request.etag) == ("k1", "7")


def test_a_field_that_is_given_wins_over_the_header(door: Door, client: httpx.Client) -> None:
    client.post("/v1/books/b1:shelve", json={"etag": "3"}, headers={"if-match": '"7"'})
    assert asked(door)[1].etag == "3"


def test_a_delete_without_body_passes_its_headers(door: Door, client: httpx.Client) -> None:
    reply = client.delete("/v1/books/b1", headers={"idempotency-key": "k1"})
    assert reply.json() == {}
    assert asked(door)[1].request_id == "k1"


def test_a_weak_or_absent_etag_is_read_too(door: Door, client: httpx.Client) -> None:
    client.post("/v1/books/b1:shelve", headers={"if-match": 'W/"7"'})
    assert asked(door)[1].etag == "7"
    client.post("/v1/books/b1:shelve", headers={"if-match": "*"})
    assert asked(door)[1].etag == ""


def test_a_body_that_may_be_absent_may_be_absent(door: Door, client: httpx.Client) -> None:
    assert client.post("/v1/books/b1:shelve").status_code == 200
    assert client.post("/v1/books").status_code == 200
    assert not door.services.request.HasField("book")


def test_who_asks_is_told_to_the_service(door: Door) -> None:
    token = door.token("p1")
    with door.client(token) as client:
        client.get("/v1/books/b", headers={"x-request-id": "r-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert door.services.metadata["authorization"] == f"Bearer {token}"
    assert door.services.metadata["x-request-id"] == "r-1"
    assert door.services.metadata["traceparent"].split("-")[1] == "a" * 32


@pytest.mark.parametrize(
    ("method", "path", "arguments", "field", "rule"),
    [
        ("GET", "/v1/books?pagesize=3", {}, "pagesize", "UNKNOWN_FIELD"),
        ("GET", "/v1/books?like.nome=3", {}, "like.nome", "UNKNOWN_FIELD"),
        ("GET", "/v1/books?like.title.x=3", {}, "like.title.x", "UNKNOWN_FIELD"),
        ("GET", "/v1/books?pageSize=many", {}, "page_size", "INTEGER"),
        ("GET", "/v1/books?pageSize=3000000000", {}, "page_size", "INTEGER"),
        ("GET", "/v1/books?pageSize=1&pageSize=2", {}, "page_size", "GIVEN_TWICE"),
        ("GET", "/v1/books?like.shelf.name=a&like=3", {}, "like", "NOT_A_PARAMETER"),
        ("GET", "/v1/books?like.counts=3", {}, "like.counts", "NOT_A_PARAMETER"),
        ("GET", "/v1/books?like.chapters.name=3", {}, "like.chapters.name", "UNKNOWN_FIELD"),
        ("GET", "/v1/books?state=LOST", {}, "state", "ENUM"),
        ("GET", "/v1/books?rare=yes", {}, "rare", "BOOLEAN"),
        ("GET", "/v1/books?since=yesterday", {}, "since", "TIMESTAMP"),
        ("GET", "/v1/books?this=a&that=b", {}, "that", "ONE_OF"),
        ("GET", "/v1/books?name=%FF", {}, "", "QUERY"),
        ("GET", "/v1/books/%FF", {}, "book_id", "STRING"),
        ("GET", "/v1/books/b1?bookId=b2", {}, "bookId", "UNKNOWN_FIELD"),
        ("POST", "/v1/books?book.title=t", {"json": {}}, "book.title", "UNKNOWN_FIELD"),
        ("POST", "/v1/books/b1:shelve?remark=x", {"json": {}}, "remark", "UNKNOWN_FIELD"),
        ("POST", "/v1/books", {"json": {"titel": "t"}}, "book.titel", "UNKNOWN_FIELD"),
        ("POST", "/v1/books", {"json": {"shelf": {"nome": 1}}}, "book.shelf.nome", "UNKNOWN_FIELD"),
        ("POST", "/v1/books", {"json": [1]}, "book", "OBJECT"),
        ("POST", "/v1/books/b1:shelve", {"json": {"remark": 1}}, "remark", "STRING"),
        ("PUT", "/v1/books/b1/tags", {"json": [1, "a"]}, "tags[0]", "STRING"),
        ("POST", "/v1/books", {"content": b"{"}, "book", "JSON"),
        ("POST", "/v1/books", {"content": b'{"title":"\\ud800"}'}, "book", "JSON"),
        ("POST", "/v1/books", {"content": b'{"title":"\xff"}'}, "book", "JSON"),
        ("POST", "/v1/files/a:print", {"content": b"x"}, "", "NO_BODY"),
    ],
)
def test_what_does_not_fit_is_refused_and_named_before_any_service_hears_of_it(
    door: Door, client: httpx.Client, method: str, path: str, arguments: Any, field: str, rule: str
) -> None:
    reply = client.request(method, path, **arguments)
    assert reply.status_code == 400, reply.text
    problem = reply.json()
    assert [(v["field"], v["rule"]) for v in problem["violations"]] == [(field, rule)]
    assert problem["reason"] == "INVALID_ARGUMENT"
    assert not door.services.asked


def test_faults_in_path_query_and_body_are_told_at_once(door: Door, client: httpx.Client) -> None:
    reply = client.post("/v1/books?shelf=a&shelf=b&x=1", json={"pages": "p", "y": 1})
    named = {v["field"] for v in reply.json()["violations"]}
    assert named == {"shelf", "x", "book.pages", "book.y"}
    assert reply.json()["reason"] == "INVALID_ARGUMENT"


def test_another_media_type_is_refused_as_such(client: httpx.Client) -> None:
    reply = client.post("/v1/books", content=b"a=b", headers={"content-type": "application/x-www-form-urlencoded"})
    assert (reply.status_code, reply.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_that_nests_too_deep_is_refused(door: Door, client: httpx.Client) -> None:
    deep = '{"shelves":[' * 500 + "]}" * 500
    reply = client.post("/v1/books", content=f'{{"shelf":{deep}}}')
    assert reply.status_code == 400, reply.text
    assert not door.services.asked


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_413(door: Door, client: httpx.Client, announced: bool) -> None:
    body = b'{"title":"' + b"x" * 70_000 + b'"}'
    content: Any = body if announced else iter([body[:40_000], body[40_000:]])
    reply = client.post("/v1/books", content=content, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["reason"]) == (413, "BODY_TOO_LARGE")
    assert not door.services.asked


def test_an_upload_has_a_limit_of_its_own(door: Door, client: httpx.Client) -> None:
    reply = client.put("/v1/books/b1/cover", content=b"x" * 70_000, headers={"content-type": "image/png"})
    assert reply.status_code == 200
    reply = client.put("/v1/books/b1/cover", content=b"x" * (25 * 1024 * 1024 + 1))
    assert reply.status_code == 413
