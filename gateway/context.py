"""What is known of a request from the door to the reply: who asks, in which language, under which ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from uuid_utils import uuid7

from gateway.problems import CHINESE, preferred_language

_KEY = "liangma.context"
_SAFE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_propagator = TraceContextTextMapPropagator()


@dataclass(frozen=True)
class Caller:
    """Somebody who is signed in.

    Args:
        token: the JWT that proves it; services verify it again.
        subject: the account.
        claims: what the token says.
        by_cookie: whether a browser sent the token by itself, so that the request may be somebody else's idea.
    """

    token: str
    subject: str
    claims: Mapping[str, Any]
    by_cookie: bool = False


@dataclass
class Context:
    """One request.

    Args:
        request_id: the client's, else a new one.
        trace_id: 32 hex digits of the trace it belongs to.
        traceparent: what to tell those who work for it.
        language: the client's.
        headers: of the request, by lower-case name.
        caller: who asks; None: nobody signed in.
        route: the route's name for logs and metrics: never the path, which may hold a code.
        code: why it was refused; empty: it was not.
    """

    request_id: str
    trace_id: str
    traceparent: str
    language: str = CHINESE
    headers: Mapping[str, str] = field(default_factory=dict)
    caller: Caller | None = None
    route: str = "unknown"
    code: str = ""

    def metadata(self) -> list[tuple[str, str]]:
        """What a service is told beside the message."""
        told = [("x-request-id", self.request_id), ("traceparent", self.traceparent)]
        return [("authorization", f"Bearer {self.caller.token}"), *told] if self.caller else told


def open_context(scope: Any) -> Context:
    """The context of a request that has just come in, kept in its scope."""
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    trace_id, traceparent = _trace(headers.get("traceparent", ""))
    given = headers.get("x-request-id", "")
    context = Context(
        request_id=given if _SAFE_ID.fullmatch(given) else str(uuid7()),
        trace_id=trace_id,
        traceparent=traceparent,
        language=preferred_language(headers.get("accept-language", "")),
        headers=headers,
    )
    scope[_KEY] = context
    return context


def context_of(scope: Any) -> Context:
    """The context that was opened at the door."""
    context: Context = scope[_KEY]
    return context


def _trace(traceparent: str) -> tuple[str, str]:
    """Trace id and traceparent: of the span under way, else of the client's trace, else new ones."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid and traceparent:
        span = trace.get_current_span(_propagator.extract({"traceparent": traceparent})).get_span_context()
    if span.is_valid:
        return f"{span.trace_id:032x}", f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"
    fresh = uuid7().hex
    return fresh, f"00-{fresh}-{uuid7().hex[16:]}-00"
