"""Files as browsers send them: a form with a part `file` means what that file as the body would mean."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from email.message import Message as Header

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway.problems import Violation, invalid
from gateway.transcoder.replies import disposition

OVERHEAD = 64 * 1024
"""Bytes of boundaries and headers a form may have around its file."""
_PART = "file"


def is_form(headers: Mapping[str, str]) -> bool:
    """Whether a body is a form."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


async def unwrap(headers: Mapping[str, str], body: bytes) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body that a form's file would have come with by itself.

    Raises:
        Problem: it is no form, or has no part `file`.
    """
    parser = MultiPartParser(Headers(dict(headers)), _once(body), max_files=1, max_fields=8)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise invalid(
            [Violation(_PART, "FORM", f"表单格式有误：{error.message}", f"a malformed form: {error.message}")]
        ) from error
    try:
        file = form.get(_PART)
        if not isinstance(file, UploadFile):
            raise invalid([Violation(_PART, "REQUIRED", "表单缺少 file 部分", "the form has no part `file`")])
        own = {"content-type": file.content_type or "application/octet-stream"}
        if file.filename:
            own["content-disposition"] = disposition(file.filename)
        return {**headers, **own}, await file.read()
    finally:
        await form.close()


def file_name(headers: Mapping[str, str]) -> str:
    """What Content-Disposition calls the body; empty where it does not, or not in words."""
    header = Header()
    header["content-disposition"] = headers.get("content-disposition", "")
    try:
        return (header.get_filename() or "").encode().decode()
    except ValueError:
        return ""


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""
