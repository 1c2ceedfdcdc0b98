"""All RPCs of the contract as one Starlette route."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from google.protobuf.message import EncodeError, Message
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from gateway.backends import Backends
from gateway.bodies import read_body, too_large
from gateway.context import Context, context_of
from gateway.problems import Problem
from gateway.transcoder.contract import Binding, Contract, Operation
from gateway.transcoder.forms import OVERHEAD, is_form, unwrap
from gateway.transcoder.parsing import Parsers
from gateway.transcoder.replies import NDJSON, HttpReply, Write, reply_writer
from gateway.transcoder.requests import HttpRequest, RequestReader
from gateway.transcoder.routes import Found, Routes
from gateway.transcoder.statuses import problem_of
from services.chassis.descriptors import is_http_body, type_of
from services.chassis.proto_json import Renderers

_FOUND, _ALLOWED = "liangma.found", "liangma.allowed"


@dataclass(frozen=True)
class _Exchange:
    """How one binding is served."""

    reader: RequestReader
    write: Write
    limit: int
    takes_file: bool


class Transcoder(BaseRoute):
    """Serves every operation of a contract.

    Args:
        contract: what there is.
        backends: who answers.
        body_limit: bytes a JSON body may have.
        upload_limit: bytes a file may have.
    """

    def __init__(self, contract: Contract, backends: Backends, body_limit: int, upload_limit: int) -> None:
        self._routes = Routes(contract.operations)
        self._backends = backends
        self._parsers, self._renderers = Parsers(), Renderers()
        self._exchanges = {
            id(binding): _Exchange(
                RequestReader(operation, binding, self._parsers),
                reply_writer(operation, binding, self._renderers),
                upload_limit if _takes_file(operation, binding) else body_limit,
                _takes_file(operation, binding),
            )
            for operation in contract.operations
            for binding in operation.bindings
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for an operation: by path and method, by path alone, or not at all."""
        if scope["type"] != "http":
            return Match.NONE, {}
        found = self._routes.find(scope["method"], _raw_path(scope))
        if isinstance(found, Found):
            return Match.FULL, {_FOUND: found}
        return (Match.PARTIAL, {_ALLOWED: found}) if found else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that matched.

        Raises:
            Problem: it is refused, here or by the service.
        """
        found: Found | None = scope.get(_FOUND)
        if found is None:
            raise wrong_method(scope["method"], scope[_ALLOWED])
        context = context_of(scope)
        context.route = found.operation.name
        if context.caller is None and not found.operation.access.public:
            raise sign_in_needed()
        exchange = self._exchanges[id(found.binding)]
        headers, body = await _headers_and_body(exchange, context.headers, receive)
        query = scope["query_string"].decode("latin-1")
        message = exchange.reader.read(HttpRequest(found.segments, query, headers, body))
        if found.operation.streams:
            await self._stream(found.operation, message, exchange.write, context, receive, send)
        else:
            await self._answer(found.operation, message, exchange.write, context, send)

    async def _answer(self, operation: Operation, message: Message, write: Write, context: Context, send: Send) -> None:
        reply = write(await self.call(operation, message, context))
        headers = [(k.encode(), v.encode("latin-1")) for k, v in reply.headers.items()]
        headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def call(self, operation: Operation, message: Message, context: Context) -> Any:
        """The reply of a service.

        Raises:
            Problem: it refused, or did not answer.
        """
        try:
            if context.caller is None:
                return await self._backends.call_joined(operation, message, context.metadata())
            return await self._backends.call(operation, message, context.metadata())
        except grpc.aio.AioRpcError as error:
            raise problem_of(error) from error
        except EncodeError as error:
            raise Problem(
                "INVALID_ARGUMENT", "NESTED_TOO_DEEP", "请求内容嵌套过深", "the request nests too deep"
            ) from error

    def as_json(self, message: Message) -> Any:
        """A message as a JSON value, e.g. for a page."""
        return self._renderers.of(type_of(message))(message)

    async def _stream(
        self, operation: Operation, message: Message, write: Write, context: Context, receive: Receive, send: Send
    ) -> None:
        parts = self._backends.stream(operation, message, context.metadata())
        gone = asyncio.create_task(_disconnected(receive))
        media_type = NDJSON
        try:
            first = await _first(parts)
            begun = HttpReply({"content-type": NDJSON}, b"") if first is None else write(first)
            media_type = begun.headers["content-type"]
            raw = [(k.encode(), v.encode("latin-1")) for k, v in begun.headers.items()]
            await send({"type": "http.response.start", "status": 200, "headers": raw})
            await send({"type": "http.response.body", "body": begun.body, "more_body": True})
            await self._rest(parts, write, gone, send)
        except grpc.aio.AioRpcError as error:
            if media_type != NDJSON:
                raise  # the connection breaks off, which is all a half-sent file can tell
            await send(_last_line(problem_of(error), context))
        finally:
            gone.cancel()
            parts.cancel()  # type: ignore[attr-defined]  # a grpc.aio call
        await send({"type": "http.response.body", "body": b""})

    async def _rest(self, parts: AsyncIterator[Any], write: Write, gone: asyncio.Task[None], send: Send) -> None:
        async for part in parts:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": write(part).body, "more_body": True})


def sign_in_needed() -> Problem:
    """The refusal of a call that needs somebody to answer for it."""
    return Problem(
        "UNAUTHENTICATED",
        "SIGN_IN_NEEDED",
        "请先登录",
        "sign in first: this call needs a bearer token",
        headers={"www-authenticate": "Bearer"},
    )


def wrong_method(method: str, allowed: set[str]) -> Problem:
    """The refusal of a method that a path does not know."""
    known = sorted(allowed | ({"HEAD"} if "GET" in allowed else set()))
    return Problem(
        "UNIMPLEMENTED",
        "METHOD_NOT_ALLOWED",
        f"此地址不支持 {method}，可用：{'、'.join(known)}",
        f"{method} is not possible here; possible: {', '.join(known)}",
        status=405,
        headers={"allow": ", ".join(known)},
    )


async def _headers_and_body(
    exchange: _Exchange, headers: Mapping[str, str], receive: Receive
) -> tuple[Mapping[str, str], bytes]:
    """What was sent; of a form with a file, that file."""
    if not (exchange.takes_file and is_form(headers)):
        return headers, await read_body(receive, headers, exchange.limit)
    headers, body = await unwrap(headers, await read_body(receive, headers, exchange.limit + OVERHEAD))
    if len(body) > exchange.limit:
        raise too_large(exchange.limit)
    return headers, body


def _takes_file(operation: Operation, binding: Binding) -> bool:
    message = type_of(operation.request)
    if binding.body in ("", "*"):
        return is_http_body(message)
    return is_http_body(message.fields_by_name[binding.body].message_type)


def _raw_path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")


async def _first(parts: AsyncIterator[Any]) -> Any | None:
    """The first part of a stream, None where there is none; a refusal before it still has its own status.

    Raises:
        Problem: the service refused.
    """
    try:
        return await anext(aiter(parts))
    except StopAsyncIteration:
        return None
    except grpc.aio.AioRpcError as error:
        raise problem_of(error) from error


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_line(problem: Problem, context: Context) -> dict[str, Any]:
    told = {"problem": problem.as_dict(context.language, context.trace_id)}
    return {
        "type": "http.response.body",
        "body": orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE),
        "more_body": True,
    }
