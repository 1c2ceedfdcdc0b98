"""Messages in, through nameko: a desk for each queue, where what waits is worked on a batch at a time.

What arrives together is handled together, in its order. If that fails, all of it is handled one by one, and what fails
is laid aside and tried again later, so that it holds up nothing else. Nothing is acknowledged before it is done with.
"""

# mypy: allow-untyped-calls, allow-subclassing-any
# nameko, kombu and eventlet have no types

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import eventlet
from amqp.exceptions import AMQPError  # type: ignore[import-untyped]
from kombu.entity import Queue
from kombu.messaging import Consumer
from nameko.extensions import Entrypoint
from nameko.messaging import QueueConsumer

from services.chassis import telemetry
from services.chassis.bus import Bus
from services.chassis.worker.patience import Failure, Patience, failure_of

TOGETHER = 100

log = telemetry.logger(__name__)


class Clerk(Protocol):
    """Who works at a desk. A message is what kombu delivers: `body`, `headers`, `properties`."""

    def handle(self, messages: Sequence[Any], attempts: int) -> None:
        """Do what messages ask, all or none; may raise anything."""
        ...

    def give_up(self, message: Any, error: Exception, attempts: int) -> None:
        """Put a message away for people to look at; if this raises, the message stays at the broker."""
        ...


@dataclass
class Item:
    """A message at a desk.

    Args:
        message: what kombu delivered.
        number: in the order of arrival.
        connection: number of the connection it came by; an answer by another would mean another message.
        patience: how often it was tried.
    """

    message: Any
    number: int
    connection: int
    patience: Patience = field(default_factory=Patience)


class Intake(QueueConsumer):
    """The one connection over which a service consumes all its queues, each on a channel of its own.

    It reconnects for as long as it takes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._desks: list[Desk] = []

    def register_provider(self, provider: Desk) -> None:
        """Serve a desk."""
        super().register_provider(provider)
        self._desks.append(provider)

    def get_consumers(self, _consumer_cls: Callable[..., Any], channel: Any) -> list[Any]:
        """Called by kombu after every (re)connection."""
        self._consumers.clear()
        for desk in self._providers:
            desk.begin_again()
            own_channel = channel.connection.client.channel()
            consumer = Consumer(own_channel, [desk.queue], on_message=desk.take, on_decode_error=self.on_decode_error)
            consumer.qos(prefetch_count=self.container.config["prefetch"])
            self._consumers[desk] = consumer
        return list(self._consumers.values())

    def on_iteration(self) -> None:
        """Called by kombu between messages. The connection stays until what is in hand has been acknowledged."""
        self._cancel_consumers_if_requested()
        if not self._consumers and not any(desk.is_busy for desk in self._desks):
            self.should_stop = True


class Desk(Entrypoint):
    """Where the messages of one queue are taken in.

    Args:
        queue: the queue; it is declared when the worker connects.
        clerk: does the work.
        bus: is told what is done.
    """

    intake = Intake()

    def __init__(self, queue: Queue, clerk: Clerk, bus: Bus) -> None:
        super().__init__()
        self.queue = queue
        self.is_busy = False
        self._clerk = clerk
        self._bus = bus
        self._fresh: deque[Item] = deque()
        self._laid_aside: deque[Item] = deque()
        self._taken = 0
        self._unanswered: dict[int, None] = {}
        self._connection = 0
        self._stopping = False

    def setup(self) -> None:
        """Called by nameko before anything starts."""
        self.intake.register_provider(self)

    def stop(self) -> None:
        """Called by nameko. Nothing new is begun; what is in hand is finished; the rest stays at the broker."""
        self._stopping = True
        self.intake.unregister_provider(self)

    def begin_again(self) -> None:
        """The connection is a new one: the broker sends again what was not acknowledged."""
        self._connection += 1
        self._fresh.clear()
        self._laid_aside.clear()
        self._unanswered.clear()

    def take(self, message: Any) -> None:
        """Called by kombu for each message."""
        self._taken += 1
        item = Item(message, self._taken, self._connection)
        self._unanswered[item.number] = None
        self._fresh.append(item)
        self._proceed()

    def _proceed(self) -> None:
        if (self._laid_aside or self._fresh) and not self.is_busy and not self._stopping:
            self.is_busy = True
            self.container.spawn_worker(self, (self._work_on_next,), {}, handle_result=self._finished)

    def _finished(self, _worker: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        self.is_busy = False
        self._proceed()
        return result, exc_info

    def _work_on_next(self) -> None:
        """What has come in by now; the batch is not chosen sooner, so that it is as large as can be."""
        if self._laid_aside:
            self._work([self._laid_aside.popleft()])
        elif batch := [self._fresh.popleft() for _ in range(min(TOGETHER, len(self._fresh)))]:
            self._work(batch)

    def _work(self, batch: Sequence[Item]) -> None:
        try:
            self._clerk.handle([item.message for item in batch], batch[0].patience.attempts)
        except Exception as error:  # noqa: BLE001 (whatever it is, the fact must not be lost)
            if len(batch) > 1 and failure_of(error) is not Failure.DATABASE_AWAY:
                for item in batch:
                    self._work([item])
            else:
                for item in batch:
                    self._fail(item, error)
        else:
            self._finish(batch)

    def _fail(self, item: Item, error: Exception) -> None:
        attempts = item.patience.attempts
        pause = item.patience.pause_after(error)
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        log.warning("failed", queue=self.queue.name, reason=reason, attempt=attempts, again_in=pause)
        if pause is not None:
            self._lay_aside(item, pause)
            return
        try:
            self._clerk.give_up(item.message, error, attempts)
        except Exception:  # the letter could not be written: the message is tried again, and then the letter
            log.exception("letter_not_written", queue=self.queue.name)
            self._lay_aside(item, 1.0)
        else:
            self._finish([item])

    def _lay_aside(self, item: Item, pause: float) -> None:
        eventlet.spawn_after(pause, self._take_up, item)

    def _take_up(self, item: Item) -> None:
        if item.connection == self._connection:
            self._laid_aside.append(item)
            self._proceed()

    def _finish(self, batch: Sequence[Item]) -> None:
        answered = [item for item in batch if item.connection == self._connection]
        for item in answered:
            self._unanswered.pop(item.number, None)
        if answered:
            all_before = next(iter(self._unanswered), self._taken + 1) > answered[-1].number
            # on a broken connection there is nobody to tell: the broker sends it again, the inbox drops it
            with suppress(AMQPError, OSError, AttributeError):
                self._bus.acknowledge([item.message for item in answered], all_before=all_before)
        self._bus.handled(self.queue.name, [item.message.properties.get("message_id", "") for item in batch])
