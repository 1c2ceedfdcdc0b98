"""The two roles a service runs in, `api` and `worker`, and its command."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence

from services.chassis import garbage
from services.chassis.runtime import Runtime, Service
from services.chassis.settings import Settings


def find(name: str) -> Service:
    """The service of this name."""
    service: Service = importlib.import_module(f"services.{name}.__main__").SERVICE
    return service


def serve(services: Sequence[Service], settings: Settings) -> None:
    """The api role: answer gRPC until SIGINT or SIGTERM, then finish what is in hand."""
    from services.chassis import telemetry
    from services.chassis.grpc_server import GrpcServer

    telemetry.set_up(settings.log_level, "-".join(service.name for service in services) + "-api")
    runtimes = [Runtime(service, settings) for service in services]
    server = GrpcServer([each for runtime in runtimes for each in runtime.service.servicers(runtime)], settings)
    telemetry.serve_metrics(settings.metrics_listen)
    asked_to_stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: asked_to_stop.set())
    server.start()
    garbage.settle()
    print(f"ready: {', '.join(service.name for service in services)} api on {settings.grpc_listen}", flush=True)  # noqa: T201
    asked_to_stop.wait()
    server.stop()
    for runtime in runtimes:
        runtime.database.dispose()


def main(service: Service, arguments: Sequence[str] | None = None) -> None:
    """`python -m services.<name> api|worker|migrate`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1 or given[0] not in ("api", "worker", "migrate"):
        raise SystemExit(f"usage: python -m services.{service.name} api|worker|migrate")
    # a worker must patch the standard library before anything else is imported: it starts afresh
    os.execv(sys.executable, [sys.executable, "-m", "services.chassis", given[0], service.name])
