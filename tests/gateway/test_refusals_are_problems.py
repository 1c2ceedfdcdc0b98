"""RFC 9457: whatever goes wrong, a client is told the same way, in its language."""

from __future__ import annotations

import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from gateway import access_log
from gateway.app import build
from gateway.problems import HTTP_STATUS, preferred_language
from tests.gateway import support, trial
from tests.gateway.support import Door, refuse

Book = trial.message("Book")


def refusing(door: Door, *arguments: Any, **more: Any) -> None:
    door.services.answers["GetBook"] = lambda _, context: refuse(context, *arguments, **more)


def test_a_refusal_reaches_the_client_whole(door: Door, client: httpx.Client) -> None:
    refusing(
        door,
        grpc.StatusCode.FAILED_PRECONDITION,
        "PLAN_NOT_EDITABLE",
        "计划已提交，不能修改",
        "the plan is submitted",
        state="PENDING_REVIEW",
    )
    reply = client.get("/v1/books/b")
    problem = reply.json()
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["content-language"] == "zh-CN"
    assert problem["type"] == "urn:liangma:problem:PLAN_NOT_EDITABLE"
    assert problem["code"] == "FAILED_PRECONDITION"
    assert problem["reason"] == "PLAN_NOT_EDITABLE"
    assert problem["detail"] == "计划已提交，不能修改"
    assert problem["metadata"] == {"state": "PENDING_REVIEW"}
    assert len(problem["traceId"]) == 32
    assert problem["instance"] == f"urn:liangma:request:{reply.headers['x-request-id']}"


def test_fields_at_fault_are_told_with_rule_and_message(door: Door, client: httpx.Client) -> None:
    violations = {"plan.year": ("RANGE", "年份应在 2000 至 2100 之间", "the year must lie within 2000 and 2100")}
    refusing(door, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "年份有误", "bad year", violations)
    assert client.get("/v1/books/b").json()["violations"] == [
        {"field": "plan.year", "rule": "RANGE", "message": "年份应在 2000 至 2100 之间"}
    ]
    english = client.get("/v1/books/b", headers={"accept-language": "en-GB,en;q=0.9"}).json()
    assert english["violations"][0]["message"] == "the year must lie within 2000 and 2100"
    assert english["detail"] == "bad year"


def test_a_refusal_may_name_very_many_fields(door: Door, client: httpx.Client) -> None:
    violations = {f"rows[{n}].uscc": ("USCC_CHECK_DIGIT", "校验位不符", "bad check digit") for n in range(1000)}
    refusing(door, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "有误", "bad", violations)
    reply = client.get("/v1/books/b")
    assert (reply.status_code, len(reply.json()["violations"])) == (400, 1000)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh-CN"),
        ("en", "en-US"),
        ("zh-TW,en;q=0.5", "zh-CN"),
        ("fr, en;q=0.3, zh;q=0.2", "en-US"),
        ("fr", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("en;q=x, zh", "zh-CN"),
        ("*", "zh-CN"),
    ],
)
def test_the_language_is_the_clients_preferred_one_of_ours(header: str, language: str) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_each_code_has_the_http_status_of_code_proto(door: Door, client: httpx.Client, code: grpc.StatusCode) -> None:
    refusing(door, code, "X", "中", "en")
    reply = client.get("/v1/books/b")
    assert (reply.status_code, reply.json()["code"]) == (HTTP_STATUS[code.name], code.name)


def test_all_codes_are_mapped() -> None:
    assert set(HTTP_STATUS) == {code.name for code in grpc.StatusCode}


def test_what_a_service_did_not_mean_to_say_is_not_told(door: Door, client: httpx.Client) -> None:
    def answer(_: Any, __: grpc.ServicerContext) -> Any:
        raise RuntimeError("password=secret")

    door.services.answers["GetBook"] = answer
    reply = client.get("/v1/books/b")
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert reply.json()["traceId"] in reply.text


def test_a_plain_status_of_a_service_is_told_too(door: Door, client: httpx.Client) -> None:
    door.services.answers["GetBook"] = lambda _, context: context.abort(grpc.StatusCode.NOT_FOUND, "no such book")
    problem = client.get("/v1/books/b", headers={"accept-language": "en"}).json()
    assert (problem["reason"], problem["detail"]) == ("NOT_FOUND", "no such book")


def test_an_rpc_that_no_service_offers_is_501(client: httpx.Client) -> None:
    assert client.get("/v1/books/b").status_code == 501


def test_an_address_that_leads_nowhere_is_404(client: httpx.Client) -> None:
    reply = client.get("/v1/nothing")
    assert (reply.status_code, reply.json()["reason"]) == (404, "NO_SUCH_ROUTE")


def test_a_wrong_method_is_405_and_says_which_are_right(client: httpx.Client) -> None:
    reply = client.put("/v1/books/b")
    assert (reply.status_code, reply.json()["reason"]) == (405, "METHOD_NOT_ALLOWED")
    assert reply.headers["allow"] == "DELETE, GET, HEAD, PATCH"
    assert client.post("/openapi.json").status_code == 405


def test_a_browser_sees_a_page(door: Door, client: httpx.Client) -> None:
    reply = client.get("/nowhere", headers={"accept": "text/html,*/*;q=0.8"})
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "没有这个地址" in reply.text


def test_nobody_signed_in_is_401_before_any_service_hears_of_it(door: Door, stranger: httpx.Client) -> None:
    reply = stranger.post("/v1/books/b1:shelve")
    assert (reply.status_code, reply.json()["reason"]) == (401, "SIGN_IN_NEEDED")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert not door.services.asked


def test_what_is_public_needs_nobody(door: Door, stranger: httpx.Client) -> None:
    door.services.answers["GetBook"] = lambda _, __: Book()
    assert stranger.get("/v1/books/b").status_code == 200
    assert "authorization" not in door.services.metadata


def test_a_service_that_is_down_is_503_and_found_again_when_it_is_back(tmp_path: Path) -> None:
    services = support.FakeServices(trial.contract())
    services.answers["GetBook"] = lambda _, __: Book()
    with services.running() as address:
        pass
    app = build(support.settings(tmp_path), trial.contract(), address=lambda _: address)
    with support.served(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        reply = client.get("/v1/books/b")
        assert (reply.status_code, reply.json()["reason"]) == (503, "UNAVAILABLE")
        assert reply.headers["retry-after"] == "1"
        assert client.get("/readyz").status_code == 503
        server = grpc.server(ThreadPoolExecutor(2))
        server.add_generic_rpc_handlers((services,))
        server.add_insecure_port(address)
        server.start()
        deadline = time.monotonic() + 10
        while client.get("/v1/books/b").status_code != 200:
            assert time.monotonic() < deadline
        server.stop(None).wait()


def test_a_service_that_takes_too_long_is_504(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, gateway_timeout=0.2) as door, door.client(None) as client:
        held = threading.Event()
        door.services.answers["GetBook"] = lambda _, __: held.wait(5) and Book()
        reply = client.get("/v1/books/b")
        held.set()
        assert (reply.status_code, reply.json()["reason"]) == (504, "DEADLINE_EXCEEDED")


def test_every_reply_carries_ids_and_security_headers(client: httpx.Client) -> None:
    reply = client.get("/v1/nothing", headers={"x-request-id": "mine-1"})
    assert reply.headers["x-request-id"] == "mine-1"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in reply.headers["content-security-policy"]


def test_a_request_id_that_could_forge_a_log_line_is_replaced(client: httpx.Client) -> None:
    reply = client.get("/v1/nothing", headers={"x-request-id": 'a" onload="x'})
    assert len(reply.headers["x-request-id"]) == 36


def test_the_trace_of_the_client_goes_on(client: httpx.Client) -> None:
    reply = client.get("/v1/nothing", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert reply.json()["traceId"] == "a" * 32


def test_browsers_insist_on_tls_where_there_is_tls(tmp_path: Path) -> None:
    with (
        support.door(trial.contract(), tmp_path, public_url="https://liangma.example") as door,
        door.client() as client,
    ):
        assert "max-age" in client.get("/v1/nothing").headers["strict-transport-security"]


def test_a_log_line_names_the_route_and_never_what_was_asked_for(door: Door) -> None:
    door.log.clear()
    with door.client(None) as client:
        client.get("/V/SECRETCODE?token=SECRET", headers={"accept": "text/html"})
        client.get("/v1/books/SECRET?name=SECRET")
        client.get("/SECRET")
        client.get("/static/liangma.css")
        deadline = time.monotonic() + 5
        while len(door.log) < 4 and time.monotonic() < deadline:
            client.get("/healthz")
    assert [line["route"] for line in door.log] == [
        "/V/{code}",
        "liangma.trial.v1.BooksService/GetBook",
        "unknown",
        "/static",
    ]
    assert "SECRET" not in json.dumps(door.log)


def test_a_log_line_is_json_like_all_others() -> None:
    stream = io.BytesIO()
    access_log.to(stream)({"route": "/", "status": 200})
    line = json.loads(stream.getvalue())
    assert (line["event"], line["process"], line["level"], line["status"]) == ("request", "gateway", "info", 200)
    assert line["timestamp"].endswith("Z")


def test_requests_are_counted_by_route(door: Door, client: httpx.Client) -> None:
    door.services.answers["GetBook"] = lambda _, __: Book()
    client.get("/v1/books/b")
    text = client.get("/metrics").text
    assert 'liangma_http_seconds_count{method="GET",route="liangma.trial.v1.BooksService/GetBook",status="200"}' in text


def test_the_gateway_lives_and_is_ready_while_a_service_answers(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "services": {"trial": "SERVING"}}
