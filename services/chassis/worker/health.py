"""A worker's small web server: is it alive, is it ready, how is it doing."""

# mypy: allow-untyped-calls
# eventlet has no types

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import eventlet
import eventlet.wsgi

from services.chassis import telemetry


@dataclass(frozen=True)
class Health:
    """`/healthz`: the process turns. `/readyz`: all it needs answers. `/metrics`: for Prometheus.

    Args:
        troubles: says what is not as it should be; nothing: ready.
        measure: brings gauges up to date.
    """

    troubles: Callable[[], list[str]]
    measure: Callable[[], None]

    def serve(self, listen: str) -> str:
        """Answer on an address like `127.0.0.1:50060` from a green thread; the address with its real port.

        Raises:
            OSError: the address cannot be bound; names it.
        """
        host, _, port = listen.rpartition(":")
        try:
            socket = eventlet.listen((host, int(port)))
        except OSError as error:
            raise OSError(f"cannot listen on {listen} (LIANGMA_WORKER_LISTEN): {error}") from error
        eventlet.spawn(eventlet.wsgi.server, socket, self._answer, log_output=False)
        return f"{host}:{socket.getsockname()[1]}"

    def _answer(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/healthz":
            return _text(start, "200 OK", b"alive\n")
        if path == "/readyz":
            found = self.troubles()
            return _text(
                start, "503 Service Unavailable" if found else "200 OK", "\n".join(found or ["ready"]).encode()
            )
        if path == "/metrics":
            self.measure()
            return _text(start, "200 OK", telemetry.metrics_text())
        return _text(start, "404 Not Found", b"/healthz /readyz /metrics\n")


def _text(start: Callable[..., object], status: str, body: bytes) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
