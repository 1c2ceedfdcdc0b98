"""Files go through the door as forms or bodies, and come back safe to open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from liangma.attachments.v1 import attachments_pb2

from gateway.app import build
from gateway.transcoder.contract import Contract
from services.chassis.grpc_server import GrpcServer
from services.command.rest import Gateway
from tests.gateway import support
from tests.gateway.support import Door

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
DIGEST = sha256(PNG).hexdigest()


@contextmanager
def opened(directory: Path, **given: Any) -> Iterator[Door]:
    """A gateway before a real api server that has no services but the one every server has."""
    settings = support.settings(directory, sign_in="embedded", grpc_listen="127.0.0.1:0", **given)
    contract = Contract.of_files([attachments_pb2.DESCRIPTOR])
    server = GrpcServer([], settings)
    server.start()
    try:
        with support.served(build(settings, contract, address=lambda _: f"127.0.0.1:{server.port}")) as url:
            yield Door(url, support.FakeServices(contract), directory, [])
    finally:
        server.stop(0)


@pytest.fixture(scope="module")
def attachments_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("attachments")) as door:
        yield door


@pytest.fixture
def keeper(attachments_door: Door) -> Iterator[httpx.Client]:
    with attachments_door.client() as client:
        yield client


def test_a_file_of_a_form_is_kept_and_read_again(keeper: httpx.Client) -> None:
    reply = keeper.post("/v1/attachments", files={"file": ("现场.png", PNG, "image/png")})
    assert reply.json() == {"sha256": DIGEST, "name": "现场.png", "contentType": "image/png", "size": str(len(PNG))}
    kept = keeper.get(f"/v1/attachments/{DIGEST}?name=现场.png")
    assert (kept.content, kept.headers["content-type"]) == (PNG, "image/png")
    assert kept.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E7%8E%B0")
    assert "sandbox" in kept.headers["content-security-policy"]


@pytest.mark.parametrize("query", ["", "?name=a.html", "?name=a.svg", "?name=a"])
def test_no_kept_file_is_opened_in_a_page(keeper: httpx.Client, query: str) -> None:
    keeper.post("/v1/attachments", content=PNG, headers={"content-type": "image/png"})
    kept = keeper.get(f"/v1/attachments/{DIGEST}{query}")
    assert kept.headers["content-type"] == "application/octet-stream"
    assert kept.headers["content-disposition"].startswith("attachment; ")
    assert kept.headers["x-content-type-options"] == "nosniff"


def test_a_file_may_be_the_body_itself(keeper: httpx.Client) -> None:
    headers = {"content-type": "image/png", "content-disposition": "attachment; filename*=UTF-8''%E7%A0%81.png"}
    assert keeper.post("/v1/attachments", content=PNG, headers=headers).json()["name"] == "码.png"
    text = {"content-type": "text/plain; charset=utf-8"}
    reply = keeper.post("/v1/attachments?name=a.txt", content=b"text", headers=text)
    assert (reply.json()["name"], reply.json()["contentType"]) == ("a.txt", "text/plain")
    strange = text | {"content-disposition": "attachment; filename*=raw-unicode-escape''%5Cud800"}
    assert keeper.post("/v1/attachments", content=b"text", headers=strange).json()["name"] == "attachment"


def test_the_commands_keep_files_like_browsers_do(attachments_door: Door) -> None:
    with Gateway(attachments_door.url, attachments_door.token()) as gateway:
        kept = gateway.upload("现场.png", PNG, "image/png")
        assert (kept["sha256"], kept["name"]) == (DIGEST, "现场.png")
        assert gateway.get_bytes(f"/v1/attachments/{DIGEST}") == PNG


@pytest.mark.parametrize(
    ("arguments", "status", "rule"),
    [
        ({"files": {"other": ("a.png", PNG, "image/png")}}, 400, "REQUIRED"),
        ({"files": {"file": ("a.png", b"", "image/png")}}, 400, "REQUIRED"),
        ({"files": {"file": ("a.png", b"MZ...", "image/png")}}, 400, "ATTACHMENT_NOT_WHAT_IT_SAYS"),
        ({"files": {"file": ("a.exe", b"MZ...", "application/x-msdownload")}}, 400, "ATTACHMENT_TYPE_NOT_ALLOWED"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, "FORM"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=y"}}, 400, "FORM"),
    ],
)
def test_a_file_that_is_not_taken_is_refused_by_name(
    keeper: httpx.Client, arguments: Any, status: int, rule: str
) -> None:
    reply = keeper.post("/v1/attachments", **arguments)
    assert (reply.status_code, reply.json()["violations"][0]["rule"]) == (status, rule), reply.text
    assert reply.json()["violations"][0]["field"] == "file"


def test_a_file_over_the_limit_is_413(tmp_path: Path) -> None:
    with opened(tmp_path, upload_limit=4096) as door, door.client() as client:
        big = b"\x89PNG\r\n\x1a\n" + b"x" * 5000
        assert client.post("/v1/attachments", files={"file": ("a.png", big, "image/png")}).status_code == 413
        assert client.post("/v1/attachments", content=big, headers={"content-type": "image/png"}).status_code == 413
        huge = {"file": ("a.png", b"x" * 200_000, "image/png")}
        assert client.post("/v1/attachments", files=huge).json()["reason"] == "BODY_TOO_LARGE"


def test_files_are_for_the_signed_in(attachments_door: Door) -> None:
    with attachments_door.client(None) as stranger:
        assert stranger.post("/v1/attachments", files={"file": ("a.png", PNG, "image/png")}).status_code == 401
        assert stranger.get(f"/v1/attachments/{'0' * 64}").status_code == 401


@pytest.mark.parametrize("digest", ["0" * 64, "..%2F..%2Fetc%2Fpasswd", "x"])
def test_a_file_that_is_not_kept_is_404(keeper: httpx.Client, digest: str) -> None:
    assert keeper.get(f"/v1/attachments/{digest}").status_code == 404
