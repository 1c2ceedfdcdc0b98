"""Reading what a client sends, up to a limit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from gateway.problems import Problem

_DRAINED = 4  # times the limit; a client that is still sending after that sees its connection close


def too_large(limit: int) -> Problem:
    """The refusal of a body that is over the limit."""
    return Problem(
        "RESOURCE_EXHAUSTED",
        "BODY_TOO_LARGE",
        f"请求体超过上限（{limit // 1024} KiB），请缩小或分批提交",
        f"the body is over the limit of {limit // 1024} KiB; make it smaller or send it in parts",
        status=413,
        metadata={"limit": str(limit)},
    )


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """All of a request's body.

    Raises:
        Problem: it is over the limit.
    """
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return b""
    return b"".join([chunk async for chunk in read_chunks(receive, headers, limit)])


async def read_chunks(receive: Receive, headers: Mapping[str, str], limit: int) -> AsyncIterator[bytes]:
    """A request's body as it comes in.

    Raises:
        Problem: it is over the limit; what the client still sends is read and dropped, so that it hears the refusal.
    """
    announced, size = headers.get("content-length", ""), 0
    excessive = announced.isdigit() and int(announced) > limit
    more = True
    while more and size <= _DRAINED * limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        excessive = excessive or size > limit
        if chunk and not excessive:
            yield chunk
        more = message.get("more_body", False)
    if excessive:
        raise too_large(limit)
