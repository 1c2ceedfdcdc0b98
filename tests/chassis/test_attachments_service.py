"""Every server keeps files for whoever is signed in, and gives them back by their hash."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pytest
from liangma.attachments.v1 import attachments_pb2 as pb
from liangma.type.v1 import attachment_pb2

from services.chassis.identity import NOBODY, Principal
from tests.support.house import House, Refused

PDF = b"%PDF-1.7 pretend"
CLERK, OTHER = Principal("clerk"), Principal("other", roles=frozenset({"enterprise"}))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(database="sqlite", directory=tmp_path) as made:
        yield made


def upload(
    house: House,
    content: bytes = PDF,
    content_type: str = "application/pdf",
    *,
    by: Principal = CLERK,
    **more: str,
) -> Any:
    request = pb.UploadAttachmentRequest(**({"name": "检查方案.pdf"} | more))
    request.file.content_type, request.file.data = content_type, content
    return house.call("attachments", "UploadAttachment", request, by=by)


def get(house: House, digest: str, name: str = "", by: Principal = OTHER) -> Any:
    return house.call("attachments", "GetAttachment", {"sha256": digest, "name": name}, by=by)


def test_a_file_is_given_back_to_anybody_signed_in_who_knows_its_hash(house: House) -> None:
    kept = upload(house)
    assert kept == attachment_pb2.Attachment(
        sha256=sha256(PDF).hexdigest(), name="检查方案.pdf", content_type="application/pdf", size=len(PDF)
    )
    assert get(house, kept.sha256).data == PDF


@pytest.mark.parametrize("request_id", ["", "r1"])
def test_an_upload_may_be_repeated(house: House, request_id: str) -> None:
    assert upload(house, request_id=request_id) == upload(house, request_id=request_id)
    assert len([path for path in (house.directory / "attachments").rglob("*") if path.is_file()]) == 1


def test_a_media_type_s_parameters_are_not_kept(house: House) -> None:
    assert upload(house, b"a,b", "Text/CSV; charset=utf-8").content_type == "text/csv"


def test_a_file_without_a_name_gets_one(house: House) -> None:
    assert upload(house, name="").name == "attachment"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.pdf", "application/pdf"),
        ("a.PNG", "image/png"),
        ("a.html", "application/octet-stream"),
        ("a.svg", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_file_is_sent_with_a_name_and_as_nothing_a_browser_would_run(
    house: House, name: str, content_type: str
) -> None:
    assert mimetypes.guess_type("a.svg")[0] == "image/svg+xml"
    kept = upload(house)
    body, named = get(house, kept.sha256, name), attachment_pb2.Attachment()
    assert body.content_type == content_type
    assert body.extensions[0].Unpack(named)
    assert named.name == (name or kept.sha256)


@pytest.mark.parametrize(
    ("content", "content_type", "rule"),
    [
        (b"", "application/pdf", "REQUIRED"),
        (b"MZ", "application/x-msdownload", "ATTACHMENT_TYPE_NOT_ALLOWED"),
        (b"<html>", "application/pdf", "ATTACHMENT_NOT_WHAT_IT_SAYS"),
        (b"%PDF-" + bytes(25 * 1024 * 1024), "application/pdf", "ATTACHMENT_TOO_LARGE"),
    ],
)
def test_a_file_that_is_not_taken_is_refused_by_name(
    house: House, content: bytes, content_type: str, rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        upload(house, content, content_type)
    assert (refused.value.code, refused.value.violations) == (grpc.StatusCode.INVALID_ARGUMENT, {"file": rule})


def test_what_is_required_is_named(house: House) -> None:
    with pytest.raises(Refused) as refused:
        house.call("attachments", "UploadAttachment", {"name": "a.pdf"}, by=CLERK)
    assert refused.value.violations == {"file": "REQUIRED"}
    with pytest.raises(Refused) as refused:
        get(house, "")
    assert refused.value.violations == {"sha256": "REQUIRED"}


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "x"])
def test_a_file_that_is_not_kept_is_not_found(house: House, digest: str) -> None:
    with pytest.raises(Refused) as refused:
        get(house, digest)
    assert refused.value.code is grpc.StatusCode.NOT_FOUND


def test_files_are_for_the_signed_in(house: House) -> None:
    with pytest.raises(Refused) as refused:
        upload(house, by=NOBODY)
    assert refused.value.code is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(Refused) as refused:
        get(house, upload(house).sha256, by=NOBODY)
    assert refused.value.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_server_of_several_services_offers_it_once(tmp_path: Path) -> None:
    with House("plans", "tasks", database="sqlite", directory=tmp_path) as house:
        kept = upload(house)
        assert house.runtimes["plans"].attachments.get(kept.sha256) == PDF
        assert house.runtimes["tasks"].attachments.get(kept.sha256) == PDF
