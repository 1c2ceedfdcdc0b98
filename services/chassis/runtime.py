"""What a service is to the chassis, and one in a process: its database, stores, calendar and clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import MetaData

from services.chassis import clock
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
