"""What a service is to the chassis, and the two roles it runs in: `api` and `worker`."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import MetaData

from services.chassis import clock, garbage
from services.chassis.attachments import AttachmentStore
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.identity import Principal
from services.chassis.outbox import Spelled
from services.chassis.settings import Settings, database_url
from services.chassis.unit_of_work import UnitOfWork, unit_of_work
from services.chassis.workdays import Workdays


@dataclass(frozen=True)
class Service:
    """How a service is put together; its `__main__` holds the one instance, `SERVICE`.

    Args:
        name: e.g. the folder's name under `services/`.
        metadata: its tables.
        map_model: maps its model's classes; may be called again.
        encode_event: turns its event dataclasses into messages.
        servicers: what an api process serves.
        subscriptions: what a worker process hears (imports nameko, so only a worker may call it).
    """

    name: str
    metadata: MetaData
    map_model: Callable[[], None]
    encode_event: Callable[[Any], Message | Spelled]
    servicers: Callable[[Runtime], Sequence[object]]
    subscriptions: Callable[[Runtime], type]


@dataclass
class Runtime:
    """One service in one process: its database, stores, calendar and clock."""

    service: Service
    settings: Settings
    clock: Clock = clock.now
    database: Database = field(init=False)
    attachments: AttachmentStore = field(init=False)
    workdays: Workdays = field(init=False)

    def __post_init__(self) -> None:
        self.service.map_model()
        self.database = Database(database_url(self.service.name, self.settings))
        self.attachments = AttachmentStore(self.settings.attachments, limit=self.settings.upload_limit)
        self.workdays = Workdays.load(self.settings.calendar)

    def unit_of_work(
        self, *, principal: Principal, now: datetime, read_only: bool = False
    ) -> AbstractContextManager[UnitOfWork]:
        """One transaction on the service's database."""
        return unit_of_work(
            self.database,
            self.service.metadata,
            self.service.encode_event,
            subject=principal.subject,
            now=now,
            read_only=read_only,
        )


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
