"""Attachments are kept by what is in them, and only what they say they are."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from services.chassis.attachments import (
    DOCX,
    XLSX,
    Attachment,
    AttachmentNotWhatItSays,
    AttachmentStore,
    AttachmentTooLarge,
    AttachmentTypeNotAllowed,
)
from services.chassis.errors import NoSuchThing

PDF = b"%PDF-1.7 pretend"


@pytest.fixture
def store(tmp_path: Path) -> AttachmentStore:
    return AttachmentStore(str(tmp_path / "attachments"), limit=10_000)


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return buffer.getvalue()


def test_a_file_comes_back_by_its_hash(store: AttachmentStore) -> None:
    kept = store.put(PDF, "检查方案.pdf", "application/pdf")
    assert kept == Attachment(sha256(PDF).hexdigest(), "检查方案.pdf", "application/pdf", len(PDF))
    assert store.get(kept.sha256) == PDF


def test_the_same_bytes_are_kept_once_under_any_name(store: AttachmentStore, tmp_path: Path) -> None:
    assert store.put(PDF, "a.pdf", "application/pdf").sha256 == store.put(PDF, "b.pdf", "application/pdf").sha256
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_store_can_be_any_url(tmp_path: Path) -> None:
    kept = AttachmentStore("memory://attachments").put(PDF, "a.pdf", "application/pdf")
    assert AttachmentStore("memory://attachments").get(kept.sha256) == PDF
    assert AttachmentStore(f"file://{tmp_path}").put(PDF, "a.pdf", "application/pdf") == kept
    assert AttachmentStore(str(tmp_path)).get(kept.sha256) == PDF


def test_a_file_over_the_limit_is_refused(store: AttachmentStore) -> None:
    with pytest.raises(AttachmentTooLarge) as refused:
        store.put(PDF + bytes(10_000), "a.pdf", "application/pdf")
    assert refused.value.violations[0].rule == "ATTACHMENT_TOO_LARGE"


@pytest.mark.parametrize("content_type", ["text/html", "application/x-msdownload", "image/svg+xml", ""])
def test_a_kind_that_is_not_on_the_list_is_refused(store: AttachmentStore, content_type: str) -> None:
    with pytest.raises(AttachmentTypeNotAllowed):
        store.put(b"x", "a", content_type)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (archive("word/document.xml"), DOCX),
        (archive("xl/workbook.xml"), XLSX),
        (archive("anything"), "application/zip"),
        ("统一社会信用代码,名称".encode(), "text/csv"),
        (b"{}", "application/json"),
    ],
)
def test_kinds_on_the_list_are_taken(store: AttachmentStore, content: bytes, content_type: str) -> None:
    assert store.get(store.put(content, "a", content_type).sha256) == content


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"MZ\x90", "application/pdf"),
        (PDF, "image/png"),
        (archive("xl/workbook.xml"), DOCX),
        (b"PK\x03\x04 broken", XLSX),
        (b"a\0b", "text/csv"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(store: AttachmentStore, content: bytes, content_type: str) -> None:
    with pytest.raises(AttachmentNotWhatItSays):
        store.put(content, "a", content_type)


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "Z" * 64])
def test_what_is_not_kept_is_not_found(store: AttachmentStore, digest: str) -> None:
    with pytest.raises(NoSuchThing):
        store.get(digest)


def test_a_file_that_was_damaged_on_disk_is_not_given_out(store: AttachmentStore, tmp_path: Path) -> None:
    kept = store.put(PDF, "a.pdf", "application/pdf")
    next(tmp_path.rglob(kept.sha256)).write_bytes(b"%PDF-1.7 altered")
    with pytest.raises(NoSuchThing):
        store.get(kept.sha256)
