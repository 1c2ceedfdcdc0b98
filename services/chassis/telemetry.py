"""What a process tells about itself: one JSON line per request or event, traces, and counters. Keys, not prose."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from structlog.typing import EventDict, Processor, WrappedLogger

METRICS = CollectorRegistry()
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

RPCS = Histogram("liangma_rpc_seconds", "Time to answer a call", ["method", "code"], registry=METRICS, buckets=SECONDS)
PUBLISHED = Counter("liangma_events_published", "Facts the broker has taken", ["service"], registry=METRICS)
REFUSED = Counter("liangma_events_refused", "Facts the broker did not take, tried again", ["service"], registry=METRICS)
HANDLED = Histogram(
    "liangma_event_seconds", "Time to handle a fact", ["subscription", "outcome"], registry=METRICS, buckets=SECONDS
)
DEAD = Counter("liangma_events_dead", "Facts given up and kept as dead letters", ["subscription"], registry=METRICS)
TIMERS = Histogram(
    "liangma_timer_seconds", "Time of one run of a timer", ["timer", "outcome"], registry=METRICS, buckets=SECONDS
)
OUTBOX_UNSENT = Gauge("liangma_outbox_unsent", "Facts waiting to be sent", ["service"], registry=METRICS)
OUTBOX_LAG = Gauge("liangma_outbox_lag_seconds", "Age of the oldest fact waiting", ["service"], registry=METRICS)

_PERSONAL = frozenset({"phone", "mobile", "contact", "contacts", "id_number", "id_card", "email", "address", "person"})
_SECRET = frozenset({"token", "authorization", "password", "secret", "secrets", "cookie", "key"})
_NUMBERS = re.compile(
    r"(?<!\w)(?:1[3-9]\d{9}"  # mobile number
    r"|[1-6]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])(?!\w)"  # GB 11643 identity number
)
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("liangma")  # a stand-in until `set_up` has chosen where traces go
_HIDDEN = "***"


def set_up(level: str, process: str) -> None:
    """Send logs to standard error as JSON, and traces to OTEL_EXPORTER_OTLP_ENDPOINT if that is set (OTLP over HTTP).

    Args:
        level: the least important lines to show, e.g. `INFO`.
        process: name of this process in every line and trace, e.g. `plans-worker`.
    """

    def add_process(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
        return {**line, "process": process}

    processors: list[Processor] = [
        add_process,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        structlog.processors.format_exc_info,
        mask_personal_data,
    ]
    structlog.configure(
        processors=[*processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("nameko", "amqp", "kombu", "alembic", "httpx", "urllib3"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    _start_tracing(process)


def logger(name: str) -> Any:
    """A logger: `log.info("plan_submitted", plan_id=…)`."""
    return structlog.stdlib.get_logger(name)


def mask_personal_data(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Hide values of personal and secret keys, and phone and identity numbers wherever they stand."""
    return {key: _mask(key, value) for key, value in line.items()}


def _mask(key: str, value: object) -> object:
    if key.lower() in _PERSONAL | _SECRET:
        return _HIDDEN if value else value
    if isinstance(value, str):
        return _NUMBERS.sub(_HIDDEN, value)
    if isinstance(value, Mapping):
        return {inner: _mask(str(inner), item) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mask(key, item) for item in value]
    return value


def current_traceparent() -> str:
    """The W3C trace context of what is going on now; empty when nothing is traced."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", "")


def current_trace_id() -> str:
    """The trace id of what is going on now; empty when nothing is traced."""
    parts = current_traceparent().split("-")
    return parts[1] if len(parts) == 4 else ""


@contextmanager
def span(name: str, *, traceparent: str = "", kind: SpanKind = SpanKind.INTERNAL, **attributes: str) -> Iterator[Span]:
    """Trace a piece of work, as a child of a remote context if one is given. An exception marks it as failed."""
    parent = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
    with _TRACER.start_as_current_span(name, context=parent, kind=kind, attributes=attributes) as opened:
        try:
            yield opened
        except Exception as error:
            opened.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def server_span(method: str, traceparent: str = "") -> AbstractContextManager[Span]:
    """The span of one call, as a child of the caller's."""
    return span(method, traceparent=traceparent, kind=SpanKind.SERVER)


def rpc_finished(method: str, code: str, seconds: float) -> None:
    """Count one call."""
    RPCS.labels(method, code).observe(seconds)


def metrics_text() -> bytes:
    """All counters, in the text format Prometheus reads."""
    return generate_latest(METRICS)


def serve_metrics(listen: str) -> Callable[[], None] | None:
    """Answer `/metrics` on an address like `0.0.0.0:9464`, from a thread of its own; an empty address: do not.

    Returns:
        What ends it.

    Raises:
        OSError: the address cannot be bound.
    """
    if not listen:
        return None
    host, _, port = listen.rpartition(":")
    server, thread = start_http_server(int(port), addr=host, registry=METRICS)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def _add_trace(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    if found := current_trace_id():
        line.setdefault("trace_id", found)
    return line


def _start_tracing(process: str) -> None:
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    # without anybody to send them to, spans are not recorded; ids are made and passed on all the same, for the logs
    sampler = sampling.DEFAULT_ON if endpoint else sampling.ALWAYS_OFF
    resource = Resource.create({"service.name": process, "service.namespace": "liangma"})
    provider = TracerProvider(resource=resource, sampler=sampler)
    if endpoint:
        # over HTTP: the gRPC exporter would block every green thread of a worker
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
