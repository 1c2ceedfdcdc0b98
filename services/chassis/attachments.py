"""Files that people attach: kept by the hash of what is in them, in a directory or in S3."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

import fsspec

from services.chassis.errors import InvalidArgument, NoSuchThing, Violation

LIMIT = 25 * 1024 * 1024

_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP = "application/zip"
DOCX = f"{_OFFICE}wordprocessingml.document"
XLSX = f"{_OFFICE}spreadsheetml.sheet"


@dataclass(frozen=True)
class Attachment:
    """A file that is kept.

    Args:
        sha256: hash of its bytes, in hex; its id.
        name: what the file was called.
        content_type: media type, e.g. `application/pdf`.
        size: bytes.
    """

    sha256: str
    name: str
    content_type: str
    size: int


class AttachmentTooLarge(InvalidArgument):
    """The file is bigger than is allowed."""

    def __init__(self, name: str, size: int, limit: int) -> None:
        megabytes = limit // (1024 * 1024)
        super().__init__(
            Violation(
                "file",
                "ATTACHMENT_TOO_LARGE",
                f"附件“{name}”大小为 {size} 字节，超过 {megabytes} MB 上限，请压缩后重新上传",
                f"attachment {name!r} has {size} bytes, more than the {megabytes} MB allowed; make it smaller",
            )
        )


class AttachmentTypeNotAllowed(InvalidArgument):
    """Files of this kind are not taken."""

    def __init__(self, name: str, content_type: str) -> None:
        kinds = ", ".join(sorted(_LOOKS_LIKE))
        super().__init__(
            Violation(
                "file",
                "ATTACHMENT_TYPE_NOT_ALLOWED",
                f"附件“{name}”的类型 {content_type or '（未给出）'} 不允许上传，允许的类型：{kinds}",
                f"attachment {name!r} is of type {content_type or '(none given)'}; allowed are {kinds}",
            )
        )


class AttachmentNotWhatItSays(InvalidArgument):
    """The bytes are not of the type the file claims to be."""

    def __init__(self, name: str, content_type: str) -> None:
        super().__init__(
            Violation(
                "file",
                "ATTACHMENT_NOT_WHAT_IT_SAYS",
                f"附件“{name}”的内容与其类型 {content_type} 不符，请检查文件",
                f"attachment {name!r} says it is {content_type}, but its content is not; check the file",
            )
        )


class AttachmentStore:
    """Keeps files by content: the same bytes are kept once, and what is kept never changes.

    Args:
        url: a directory, or any URL fsspec knows, e.g. `s3://bucket/folder`.
        limit: greatest size of one file in bytes.
    """

    def __init__(self, url: str, *, limit: int = LIMIT) -> None:
        self._url = url
        self._limit = limit

    def put(self, content: bytes, name: str, content_type: str) -> Attachment:
        """Keep a file; keeping it again is harmless.

        Raises:
            AttachmentTooLarge: it exceeds the limit.
            AttachmentTypeNotAllowed: files of this kind are not taken.
            AttachmentNotWhatItSays: its bytes are of another kind.
        """
        content_type = content_type.partition(";")[0].strip().lower()
        if len(content) > self._limit:
            raise AttachmentTooLarge(name, len(content), self._limit)
        if content_type not in _LOOKS_LIKE:
            raise AttachmentTypeNotAllowed(name, content_type)
        if not _LOOKS_LIKE[content_type](content):
            raise AttachmentNotWhatItSays(name, content_type)
        digest = sha256(content).hexdigest()
        filesystem, path = self._place(digest)
        if not filesystem.exists(path):
            part = f"{path}.{uuid4().hex}"
            filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            filesystem.pipe_file(part, content)
            filesystem.mv(part, path)  # whole or not at all
        return Attachment(digest, name, content_type, len(content))

    def get(self, digest: str) -> bytes:
        """The bytes with this SHA-256.

        Raises:
            NoSuchThing: none are kept, or what is kept has been damaged.
        """
        filesystem, path = self._place(digest)
        try:
            content = bytes(filesystem.cat_file(path))
        except FileNotFoundError:
            raise NoSuchThing("Attachment", digest) from None
        if sha256(content).hexdigest() != digest:
            raise NoSuchThing("Attachment", digest)
        return content

    def _place(self, digest: str) -> tuple[fsspec.AbstractFileSystem, str]:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise NoSuchThing("Attachment", digest)
        filesystem, root = fsspec.url_to_fs(self._url)
        return filesystem, f"{root.rstrip('/')}/{digest[:2]}/{digest}"


def _begins(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(magic)


def _is_text(content: bytes) -> bool:
    return b"\0" not in content


def _is_office(folder: str) -> Callable[[bytes], bool]:
    def check(content: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return any(name.startswith(folder) for name in archive.namelist())
        except zipfile.BadZipFile:
            return False

    return check


_LOOKS_LIKE: Mapping[str, Callable[[bytes], bool]] = {
    "application/pdf": _begins(b"%PDF-"),
    "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": _begins(b"\xff\xd8\xff"),
    "image/webp": lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP",
    "image/heic": lambda content: content[4:8] == b"ftyp",
    "video/mp4": lambda content: content[4:8] == b"ftyp",
    DOCX: _is_office("word/"),
    XLSX: _is_office("xl/"),
    "application/msword": _begins(b"\xd0\xcf\x11\xe0"),
    "application/vnd.ms-excel": _begins(b"\xd0\xcf\x11\xe0"),
    _ZIP: _begins(b"PK\x03\x04", b"PK\x05\x06"),
    "text/csv": _is_text,
    "text/plain": _is_text,
    "application/json": _is_text,
}
