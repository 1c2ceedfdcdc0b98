"""How often may be asked, and what may be uploaded."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import GatewaySettings
from services.chassis.settings import BadSettings, load
from tests.gateway import support, trial
from tests.gateway.support import Door

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


def test_an_account_that_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, rate_limit_principal="3/minute") as door:
        with door.client(door.token("often")) as client:
            assert [client.get("/v1/session").status_code for _ in range(4)] == [200, 200, 200, 429]
            reply = client.get("/v1/session")
            assert reply.json()["reason"] == "TOO_MANY_REQUESTS"
            assert 1 <= int(reply.headers["retry-after"]) <= 60
        with door.client(door.token("seldom")) as client:
            assert client.get("/v1/session").status_code == 200


def test_an_address_that_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, rate_limit_address="2/minute") as door, door.client(None) as client:
        assert [client.get("/nowhere").status_code for _ in range(3)] == [404, 404, 429]
        assert client.get("/healthz").status_code == 200


def test_the_address_is_the_clients_where_a_proxy_may_say_so(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, rate_limit_address="1/minute") as door, door.client(None) as client:
        for address in ("192.0.2.1", "192.0.2.2"):
            assert client.get("/nowhere", headers={"x-forwarded-for": address}).status_code == 404


def test_sign_ins_have_a_limit_of_their_own(tmp_path: Path) -> None:
    given: Any = {"sign_in": "embedded", "rate_limit_sign_in": "2/minute"}
    with support.door(trial.contract(), tmp_path, **given) as door, door.client(None) as client:
        codes = [client.post("/v1/session", json={"person": "nobody"}).status_code for _ in range(3)]
    assert codes == [400, 400, 429]


def test_an_empty_limit_is_none(tmp_path: Path) -> None:
    given: Any = {"rate_limit_address": "", "rate_limit_principal": ""}
    with support.door(trial.contract(), tmp_path, **given) as door, door.client() as client:
        assert {client.get("/v1/session").status_code for _ in range(20)} == {200}


def test_a_limit_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGMA_RATE_LIMIT_ADDRESS", "often")
    with pytest.raises(BadSettings, match="LIANGMA_RATE_LIMIT_ADDRESS"):
        load(GatewaySettings)


def test_a_file_of_a_form_is_kept_and_read_again(client: httpx.Client) -> None:
    reply = client.post("/v1/attachments", files={"file": ("现场.png", PNG, "image/png")})
    digest = sha256(PNG).hexdigest()
    assert reply.json() == {"sha256": digest, "name": "现场.png", "contentType": "image/png", "size": str(len(PNG))}
    kept = client.get(f"/v1/attachments/{digest}?name=现场.png")
    assert (kept.content, kept.headers["content-type"]) == (PNG, "image/png")
    assert kept.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E7%8E%B0")
    assert "sandbox" in kept.headers["content-security-policy"]


def test_a_file_may_be_the_body_itself(client: httpx.Client) -> None:
    headers = {"content-type": "image/png", "content-disposition": "attachment; filename*=UTF-8''%E7%A0%81.png"}
    assert client.post("/v1/attachments", content=PNG, headers=headers).json()["name"] == "码.png"
    reply = client.post(
        "/v1/attachments?name=a.txt", content=b"text", headers={"content-type": "text/plain; charset=utf-8"}
    )
    assert (reply.json()["name"], reply.json()["contentType"]) == ("a.txt", "text/plain")


@pytest.mark.parametrize(
    ("arguments", "status", "rule"),
    [
        ({"files": {"other": ("a.png", PNG, "image/png")}}, 400, "REQUIRED"),
        ({"files": {"file": ("a.png", b"", "image/png")}}, 400, "REQUIRED"),
        ({"files": {"file": ("a.png", b"MZ...", "image/png")}}, 400, "ATTACHMENT_NOT_WHAT_IT_SAYS"),
        ({"files": {"file": ("a.exe", b"MZ...", "application/x-msdownload")}}, 400, "ATTACHMENT_TYPE_NOT_ALLOWED"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, "FORM"),
    ],
)
def test_a_file_that_is_not_taken_is_refused_by_name(
    client: httpx.Client, arguments: Any, status: int, rule: str
) -> None:
    reply = client.post("/v1/attachments", **arguments)
    assert (reply.status_code, reply.json()["violations"][0]["rule"]) == (status, rule), reply.text


def test_a_file_over_the_limit_is_413(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, upload_limit=4096) as door, door.client() as client:
        big = b"\x89PNG\r\n\x1a\n" + b"x" * 5000
        assert client.post("/v1/attachments", files={"file": ("a.png", big, "image/png")}).status_code == 413
        assert client.post("/v1/attachments", content=big, headers={"content-type": "image/png"}).status_code == 413
        huge = {"file": ("a.png", b"x" * 200_000, "image/png")}
        assert client.post("/v1/attachments", files=huge).json()["reason"] == "BODY_TOO_LARGE"


def test_files_are_for_the_signed_in(door: Door, stranger: httpx.Client) -> None:
    assert stranger.post("/v1/attachments", files={"file": ("a.png", PNG, "image/png")}).status_code == 401
    assert stranger.get(f"/v1/attachments/{'0' * 64}").status_code == 401


@pytest.mark.parametrize("digest", ["0" * 64, "..%2F..%2Fetc%2Fpasswd", "x"])
def test_a_file_that_is_not_kept_is_404(client: httpx.Client, digest: str) -> None:
    assert client.get(f"/v1/attachments/{digest}").status_code == 404
