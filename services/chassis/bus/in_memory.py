"""kombu's `memory://`: no server, for all workers in one process."""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kombu.connection import Connection
from kombu.entity import Queue

from services.chassis.bus.cloudevents import CONTENT_TYPE, body_of
from services.chassis.bus.topology import Topology
from services.chassis.outbox import Fact
from services.chassis.relay import Publication, Publisher

ROOM = 10_000


@dataclass
class InMemory:
    """A bus that forgets everything with the process.

    So here a fact is sent once every subscription has handled it: what was under way when the process died is still
    unsent in the outbox, is sent again, and inboxes drop what was handled.
    """

    topology: Topology
    prefetch: int = ROOM  # for all queues of a service together: more than all relays have under way
    nameko: dict[str, Any] = field(
        default_factory=lambda: {"AMQP_URI": "memory://", "TRANSPORT_OPTIONS": {"polling_interval": 0.02}}
    )

    def __post_init__(self) -> None:
        self._queues: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._under_way: dict[str, set[str]] = {}
        self._changed = threading.Condition()
        self._pause = threading.Event()
        self._channel: Any = Connection("memory://").default_channel

    def publisher(self, source: str) -> Publisher:
        return _MemoryPublisher(self, source)

    def expect(self, queue: str, source: str, type: str) -> None:
        self._queues[source, type].add(queue)

    def acknowledge(self, messages: Sequence[Any], *, all_before: bool) -> None:  # noqa: ARG002 (it knows no `multiple`)
        for message in messages:
            message.ack()

    def handled(self, queue: str, ids: Iterable[str]) -> None:
        with self._changed:
            for id in ids:
                self._under_way.get(id, set()).discard(queue)
            self._changed.notify_all()

    def declare(self, queue: Queue) -> None:
        queue(self._channel).declare()

    def send(self, queue: str, bodies: Sequence[tuple[str, str]]) -> None:
        for id, body in bodies:
            self._put("", queue, id, body)
        while self._channel.queue_declare(queue, passive=True).message_count > ROOM:
            self._pause.wait(0.01)

    def begin(self, source: str, batch: Sequence[Fact]) -> None:
        """Send what is not under way yet to whoever hears it."""
        exchange = self.topology.events(source).name
        for fact in batch:
            if fact.id in self._under_way:
                continue
            self._under_way[fact.id] = set(self._queues.get((source, fact.type), ()))
            if self._under_way[fact.id]:
                self._put(exchange, fact.type, fact.id, body_of(fact))

    def finished(self, batch: Sequence[Fact], patience: float) -> frozenset[str]:
        """Wait until all of a batch is handled or patience ends; what is handled by then."""
        ids = [fact.id for fact in batch]
        with self._changed:
            self._changed.wait_for(lambda: not any(self._under_way[id] for id in ids), timeout=patience)
            return frozenset(id for id in ids if not self._under_way[id])

    def forget(self, ids: Iterable[str]) -> None:
        """Stop keeping count of facts that are done."""
        for id in ids:
            del self._under_way[id]

    def _put(self, exchange: str, routing_key: str, id: str, body: str) -> None:
        message = self._channel.prepare_message(
            body, content_type=CONTENT_TYPE, content_encoding="utf-8", properties={"message_id": id}
        )
        self._channel.basic_publish(message, exchange, routing_key)


@dataclass(frozen=True)
class _MemoryPublisher:
    """Answers soon even if some facts take long, so that those behind them go out."""

    bus: InMemory
    source: str
    patience: float = 0.05

    def publish(self, batch: Sequence[Fact]) -> Publication:
        self.bus.begin(self.source, batch)
        taken = self.bus.finished(batch, self.patience)
        self.bus.forget(taken)
        return Publication(taken, {})

    def close(self) -> None:
        """There is nothing to hang up."""
