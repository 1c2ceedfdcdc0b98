"""Files that people attach: kept by what is in them, before any request names them."""

from __future__ import annotations

import asyncio
import mimetypes
from email.message import Message as Header
from typing import Any, Protocol

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from gateway.bodies import read_body, too_large
from gateway.context import context_of
from gateway.problems import Problem, Violation, invalid
from gateway.transcoder.endpoint import sign_in_needed
from gateway.transcoder.replies import disposition
from services.chassis.attachments import Attachment
from services.chassis.errors import InvalidArgument, NotFound, Refusal

_FORM_OVERHEAD = 64 * 1024  # boundaries and headers of a form around a file of the greatest size
_SHOWN = ("image/png", "image/jpeg", "image/webp", "application/pdf", "video/mp4")


class Store(Protocol):
    """Where files are kept."""

    def put(self, content: bytes, name: str, content_type: str) -> Attachment:
        """Keep a file."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes of a kept file."""
        ...


class Attachments:
    """Takes and gives files.

    Args:
        store: keeps them.
        limit: bytes a file may have.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit

    def routes(self) -> list[Route]:
        """`/v1/attachments…`."""
        return [
            Route("/v1/attachments", self.upload, methods=["POST"]),
            Route("/v1/attachments/{sha256}", self.download),
        ]

    async def upload(self, request: Request) -> Response:
        """Keep the file in a form's part `file`, or the body itself."""
        _require_caller(request)
        content, name, content_type = await self._file(request)
        if not content:
            raise invalid([Violation("file", "REQUIRED", "未收到文件内容", "no file was sent, or an empty one")])
        if len(content) > self._limit:
            raise too_large(self._limit)
        kept = await _kept(self._store.put, content, name, content_type)
        return JSONResponse(
            {"sha256": kept.sha256, "name": kept.name, "contentType": kept.content_type, "size": str(kept.size)}
        )

    async def download(self, request: Request) -> Response:
        """The file with this hash; `?name=` says what to call it."""
        _require_caller(request)
        digest, name = request.path_params["sha256"], request.query_params.get("name", "")
        content = await _kept(self._store.get, digest)
        media_type = mimetypes.guess_type(name)[0]
        return Response(
            content,
            headers={
                "content-type": media_type if media_type in _SHOWN else "application/octet-stream",
                "content-disposition": disposition(name or digest),
                "content-security-policy": "default-src 'none'; sandbox",
                "cache-control": "private, max-age=31536000, immutable",
                "etag": f'"{digest}"',
            },
        )

    async def _file(self, request: Request) -> tuple[bytes, str, str]:
        context = context_of(request.scope)
        media_type = context.headers.get("content-type", "application/octet-stream")
        if not media_type.startswith("multipart/form-data"):
            body = await read_body(request.receive, context.headers, self._limit)
            return body, request.query_params.get("name") or _named(context.headers), _bare(media_type)
        body = await read_body(request.receive, context.headers, self._limit + _FORM_OVERHEAD)
        try:
            async with Request(request.scope, _replay(body)).form(max_files=1, max_fields=8) as form:
                file = form.get("file")
                if not isinstance(file, UploadFile):
                    raise invalid([Violation("file", "REQUIRED", "表单缺少 file 部分", "the form has no part `file`")])
                return await file.read(), file.filename or "", _bare(file.content_type or "")
        except MultiPartException as error:
            raise invalid(
                [Violation("file", "FORM", f"表单格式有误：{error.message}", f"a malformed form: {error.message}")]
            ) from error


def _require_caller(request: Request) -> None:
    if context_of(request.scope).caller is None:
        raise sign_in_needed()


def _named(headers: Any) -> str:
    header = Header()
    header["content-disposition"] = headers.get("content-disposition", "attachment")
    return header.get_filename("") or "attachment"


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _replay(body: bytes) -> Any:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _kept(do: Any, *arguments: Any) -> Any:
    """What the store answers, its refusals as problems."""
    try:
        return await asyncio.to_thread(do, *arguments)
    except NotFound as refusal:
        raise Problem("NOT_FOUND", refusal.reason, refusal.zh, refusal.en) from refusal
    except InvalidArgument as refusal:
        violations = tuple(Violation("file", v.rule, v.zh, v.en) for v in refusal.violations)
        raise Problem("INVALID_ARGUMENT", refusal.reason, refusal.zh, refusal.en, 0, violations) from refusal
    except Refusal as refusal:
        raise Problem("UNAVAILABLE", refusal.reason, refusal.zh, refusal.en) from refusal
