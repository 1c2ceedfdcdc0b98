"""The outermost layer: ids, security headers, refusals as problems, one log line and one count per request."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.access_log import Log
from gateway.context import Context, open_context
from gateway.identity.gate import Gate
from gateway.problems import HTTP_STATUS, PROBLEM_JSON, Problem
from services.chassis import telemetry

log = telemetry.logger("http")
REQUESTS = Histogram(
    "liangma_http_seconds",
    "Time to answer a request",
    ["route", "method", "status"],
    registry=telemetry.METRICS,
    buckets=telemetry.SECONDS,
)
# what an orchestrator asks every second is neither counted against anybody nor logged
UNWATCHED = ("/healthz", "/readyz", "/metrics")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SECURITY = {
    "content-security-policy": _CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",  # a page's address may hold a code
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(self), microphone=(), payment=()",
}
_STRICT_TRANSPORT = {"strict-transport-security": "max-age=31536000; includeSubDomains"}

ShowProblem = Callable[[Problem, Context], tuple[str, bytes]]


class Edge:
    """Wraps the whole application.

    Args:
        app: answers.
        gate: admits.
        show: a problem as a page: media type and body.
        public_url: where browsers reach us; https: they are told to insist on it.
        log: takes one line per request.
        traced: whether spans are recorded.
    """

    def __init__(self, app: ASGIApp, gate: Gate, show: ShowProblem, public_url: str, log: Log, *, traced: bool) -> None:
        self._app = app
        self._gate = gate
        self._show = show
        self._log = log
        self._traced = traced
        https = urlsplit(public_url).scheme == "https"
        headers = _SECURITY | (_STRICT_TRANSPORT if https else {})
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in UNWATCHED:
            open_context(scope)
            await self._app(scope, receive, send)
        else:
            await self._watched(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._span(scope) if self._traced else contextlib.nullcontext():
            context = open_context(scope)
            reply = _Reply(send, [*self._headers, (b"x-request-id", context.request_id.encode())])
            try:
                await self._serve(scope, receive, reply, context)
            finally:
                self._note(scope, context, reply)

    def _span(self, scope: Scope) -> contextlib.AbstractContextManager[object]:
        traceparent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        return telemetry.server_span("http", traceparent)

    async def _serve(self, scope: Scope, receive: Receive, reply: _Reply, context: Context) -> None:
        try:
            context.caller = await self._gate.admit(scope, context)
            await self._app(scope, receive, reply.send)
        except Problem as problem:
            await self._refuse(problem, reply, context)
        except HTTPException as error:
            await self._refuse(_of_http(error), reply, context)
        except ClientDisconnect:
            context.code = "CANCELLED"
        except Exception:
            log.exception("unexpected", route=context.route, request_id=context.request_id, trace_id=context.trace_id)
            await self._refuse(_unexpected(), reply, context)

    async def _refuse(self, problem: Problem, reply: _Reply, context: Context) -> None:
        context.code = problem.reason
        if reply.status:
            raise problem  # too late to say so: the server breaks the connection off
        media_type, body = PROBLEM_JSON, b""
        if "text/html" in context.headers.get("accept", ""):
            media_type, body = self._show(problem, context)
        body = body or problem.as_json(context.language, context.trace_id, f"urn:liangma:request:{context.request_id}")
        headers = {
            "content-type": media_type,
            "content-language": context.language,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            **problem.headers,
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await reply.send({"type": "http.response.start", "status": problem.http_status, "headers": raw})
        await reply.send({"type": "http.response.body", "body": body})

    def _note(self, scope: Scope, context: Context, reply: _Reply) -> None:
        seconds = time.perf_counter() - reply.began
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        REQUESTS.labels(context.route, method, str(reply.status)).observe(seconds)
        self._log(
            {
                "method": method,
                "route": context.route,  # never the path: it may hold a code
                "status": reply.status,
                "reason": context.code,
                "ms": round(seconds * 1e3, 1),
                "bytes": reply.size,
                "signed_in": context.caller is not None,
                "request_id": context.request_id,
                "trace_id": context.trace_id,
            }
        )


class _Reply:
    """A reply on its way out: completes its headers, and remembers what went out and when it began."""

    def __init__(self, send: Callable[[Message], Awaitable[None]], headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0
        self.size = 0
        self.began = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            message["headers"] = given + [pair for pair in self._headers if pair[0] not in names]
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)


def _of_http(error: HTTPException) -> Problem:
    code = next((code for code, status in HTTP_STATUS.items() if status == error.status_code), "INVALID_ARGUMENT")
    return Problem(
        code,
        f"HTTP_{error.status_code}",
        f"请求无法处理（{error.status_code}）",
        str(error.detail),
        status=error.status_code,
        headers=dict(error.headers or {}),
    )


def _unexpected() -> Problem:
    return Problem(
        "INTERNAL",
        "INTERNAL",
        "系统内部错误，请联系管理员并提供追踪编号",
        "an internal error; give the trace id to the operator",
    )
