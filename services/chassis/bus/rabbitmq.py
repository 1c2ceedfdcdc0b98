"""RabbitMQ: durable, replicated, confirmed."""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import takewhile
from typing import Any

from amqp import spec  # type: ignore[import-untyped]
from amqp.basic_message import Message  # type: ignore[import-untyped]
from amqp.method_framing import frame_writer  # type: ignore[import-untyped]
from amqp.serialization import dumps  # type: ignore[import-untyped]
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError

from services.chassis.bus.cloudevents import CONTENT_TYPE, body_of
from services.chassis.bus.topology import Topology
from services.chassis.outbox import Fact
from services.chassis.relay import BusDown, Publication, Publisher

PREFETCH = 200  # one group in hand and one ahead; all of it goes down with a worker that dies of one fact
CONFIRM_SECONDS = 30.0
FRESH_SECONDS = 30.0
GOODBYE_SECONDS = 1.0
WRITTEN_AT_ONCE = 1_000_000  # bytes; a write for every message costs more than all else about it


class RabbitMQ:
    """A fact is sent once the broker has confirmed it: once a majority of its nodes have it on disk.

    Args:
        url: `amqp://…` or `amqps://…`.
        topology: names.
        confirm_seconds: a broker that does not answer for so long is taken for dead.
    """

    prefetch = PREFETCH

    def __init__(self, url: str, topology: Topology, *, confirm_seconds: float = CONFIRM_SECONDS) -> None:
        self.topology = topology
        self._confirm_seconds = confirm_seconds
        self.nameko = {"AMQP_URI": url, "HEARTBEAT": 30}
        self._url = url

    def publisher(self, source: str) -> Publisher:
        return _RabbitPublisher(self._url, self.topology, source, self._confirm_seconds)

    def expect(self, queue: str, source: str, type: str) -> None:
        """The broker knows its subscriptions itself."""

    def acknowledge(self, messages: Sequence[Any], *, all_before: bool) -> None:
        if all_before:
            messages[-1].ack(multiple=True)
        else:
            for message in messages:
                message.ack()

    def handled(self, queue: str, ids: Iterable[str]) -> None:
        """The acknowledgement has told the broker."""

    def declare(self, queue: Queue) -> None:
        with closing(_ConfirmedChannel(self._url)) as channel:
            channel.declare(queue)

    def send(self, queue: str, bodies: Sequence[tuple[str, str]]) -> None:
        with closing(_ConfirmedChannel(self._url)) as channel:
            messages = [_Outgoing(id, "", queue, body) for id, body in bodies]
            publication = channel.send(messages, self._confirm_seconds)
        if publication.refused:
            raise BusDown(f"{queue} did not take everything: {dict(publication.refused)}")


class _RabbitPublisher:
    """Sends batches with one wait for all confirms of a batch."""

    def __init__(self, url: str, topology: Topology, source: str, confirm_seconds: float) -> None:
        self._url = url
        self._confirm_seconds = confirm_seconds
        self._topology = topology
        self._exchange = topology.events(source)
        self._channel: _ConfirmedChannel | None = None
        self._used = 0.0

    def publish(self, batch: Sequence[Fact]) -> Publication:
        messages = [_Outgoing(fact.id, self._exchange.name, fact.type, body_of(fact)) for fact in batch]
        try:
            publication = self._fresh_channel().send(messages, self._confirm_seconds)
        except BusDown:
            self.close()
            raise
        self._used = time.monotonic()
        if len(publication.taken) < len(batch):
            self.close()  # late answers must not be counted for another batch
        return publication

    def close(self) -> None:
        """Hang up; the next batch calls again."""
        channel, self._channel = self._channel, None
        if channel:
            channel.close()

    def _fresh_channel(self) -> _ConfirmedChannel:
        """An open channel; one that was idle may be dead without a sign, and is replaced."""
        if self._channel and time.monotonic() - self._used > FRESH_SECONDS:
            self.close()
        if self._channel is None:
            self._channel = _ConfirmedChannel(self._url)
            self._channel.declare(self._topology.unrouted())
            self._channel.declare(self._exchange)
        return self._channel


@dataclass(frozen=True)
class _Outgoing:
    id: str
    exchange: str
    routing_key: str
    body: str

    def content(self) -> Message:
        """The message as py-amqp writes it; the broker keeps it on disk."""
        return Message(
            self.body,
            message_id=self.id,
            delivery_mode=2,
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
        )


@cache
def _mandatory(exchange: str, routing_key: str) -> bytes:
    """The arguments of `basic.publish`; what cannot be routed comes back."""
    is_mandatory, is_immediate = True, False
    return bytes(dumps("Bssbb", (0, exchange, routing_key, is_mandatory, is_immediate)))


class _ConfirmedChannel:
    """A connection of its own with one channel in confirm mode."""

    def __init__(self, url: str) -> None:
        self._connection = Connection(url, connect_timeout=5, heartbeat=0)
        self._sent = 0
        try:
            with self._reporting():
                self._channel: Any = self._connection.channel()
                self._wire: Any = self._channel.connection
                self._channel.confirm_select()
        except BusDown:
            self._connection.release()
            raise

    def declare(self, entity: Exchange | Queue) -> None:
        """Make an exchange or a queue exist."""
        with self._reporting():
            entity(self._channel).declare()

    def send(self, messages: Sequence[_Outgoing], timeout: float) -> Publication:
        """Send everything, then wait for the answers to all of it.

        Raises:
            BusDown: the connection broke.
        """
        with self._reporting():
            answers = _Answers(self._channel)
            with self._wire.transport.having_timeout(timeout):
                for written in self._frames(messages, answers):
                    self._wire.transport.write(written)
            deadline = time.monotonic() + timeout
            while answers.waiting and (left := deadline - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    self._connection.drain_events(timeout=left)
            return answers.publication()

    def close(self) -> None:
        """Say goodbye and hang up; a broker that does not answer is left without."""
        try:
            self._wire.transport.sock.settimeout(GOODBYE_SECONDS)
            self._connection.release()
        except self._errors():
            with suppress(*self._errors()):
                self._wire.collect()

    def _frames(self, messages: Sequence[_Outgoing], answers: _Answers) -> Iterator[bytes]:
        buffer = BytesIO()
        write = frame_writer(self._wire, buffer)
        for message in messages:
            self._sent += 1
            answers.waiting[self._sent] = message.id
            arguments = _mandatory(message.exchange, message.routing_key)
            write(1, self._channel.channel_id, spec.Basic.Publish, arguments, message.content())
            if buffer.tell() > WRITTEN_AT_ONCE:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue()

    def _errors(self) -> tuple[type[BaseException], ...]:
        connection = self._connection
        # py-amqp forgets its channels when a connection breaks and then stumbles over their absence
        return (*connection.connection_errors, *connection.channel_errors, KombuError, OSError, AttributeError)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except self._errors() as error:
            raise BusDown(f"RabbitMQ: {type(error).__name__}: {error}") from error


class _Answers:
    """Confirms, refusals and returns of one batch, in whatever order they come."""

    def __init__(self, channel: Any) -> None:
        self.waiting: dict[int, str] = {}
        self._taken: set[str] = set()
        self._refused: dict[str, str] = {}
        channel.events["basic_ack"] = {self._acked}
        channel.events["basic_nack"] = {self._nacked}
        channel.events["basic_return"] = {self._returned}

    def publication(self) -> Publication:
        """What is known by now; what was not answered counts as refused."""
        late = dict.fromkeys(self.waiting.values(), "not confirmed in time")
        return Publication(frozenset(self._taken - self._refused.keys()), self._refused | late)

    def _acked(self, tag: int, multiple: bool) -> None:
        self._taken.update(self._answered(tag, multiple))

    def _nacked(self, tag: int, multiple: bool) -> None:
        self._refused.update(dict.fromkeys(self._answered(tag, multiple), "refused by the broker"))

    def _returned(self, error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        self._refused[message.properties["message_id"]] = f"came back: {error}"  # its confirm follows

    def _answered(self, tag: int, multiple: bool) -> list[str]:
        tags = list(takewhile(lambda each: each <= tag, self.waiting)) if multiple else [tag]
        return [self.waiting.pop(each) for each in tags if each in self.waiting]
