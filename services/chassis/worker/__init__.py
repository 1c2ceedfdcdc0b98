"""The worker role as a service sees it: which facts it hears, which timers strike, and how one of them is handled.

Importing this brings in no nameko, kombu or eventlet, so that tests and api processes may; `host.py` does the running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from services.chassis import dead_letters, inbox, outbox, telemetry
from services.chassis.bus.cloudevents import END_OF_HISTORY, Envelope, source_of
from services.chassis.bus.messages import read_message
from services.chassis.identity import Principal
from services.chassis.servicing import Call

if TYPE_CHECKING:
    from services.chassis.runtime import Runtime, Service
    from services.chassis.settings import Settings

M = TypeVar("M", bound=Message)
S = TypeVar("S", bound="Subscriptions")

Handler = Callable[[S, M, Call], None]
Striker = Callable[[S, Call], None]


class Subscriptions:
    """Base of a service's `subscriptions.py`: its methods are marked with `@subscribe` and `@timer`."""

    name: ClassVar[str]


@dataclass(frozen=True)
class Subscription:
    """One kind of fact that one service hears.

    Args:
        subscriber: the service that hears it.
        message: class of the event message.
        method_name: what handles it.
    """

    subscriber: str
    message: type[Message]
    method_name: str

    @property
    def source(self) -> str:
        """The service that announces it."""
        return source_of(self.message.DESCRIPTOR.full_name)

    @property
    def type(self) -> str:
        """Its routing key."""
        return outbox.type_of(self.message)

    @property
    def name(self) -> str:
        """Name of the queue, the inbox entries and the dead letters, e.g. `tasks.plans.plan_approved`."""
        return f"{self.subscriber}.{self.source}.{self.type}"


@dataclass(frozen=True)
class Timer:
    """One piece of work that is done again and again.

    Args:
        method_name: what does it.
        seconds: from one strike to the next.
    """

    method_name: str
    seconds: float


class TwoHandlers(TypeError):
    """A service hears a kind of fact twice; one transaction per fact means one handler."""


def subscribe(message: type[M]) -> Callable[[Handler[S, M]], Handler[S, M]]:
    """Mark the method that handles a kind of fact; exchange and routing key follow from the message's full name."""

    def mark(method: Handler[S, M]) -> Handler[S, M]:
        method.__dict__["hears"] = message
        return method

    return mark


def timer(*, seconds: float) -> Callable[[Striker[S]], Striker[S]]:
    """Mark the method that is called when the worker starts and then every so many seconds, in one replica only."""

    def mark(method: Striker[S]) -> Striker[S]:
        method.__dict__["strikes_every"] = seconds
        return method

    return mark


def subscriptions_of(kind: type[Subscriptions]) -> list[Subscription]:
    """All kinds of facts a service hears, by name.

    Raises:
        TwoHandlers: it hears one of them twice.
    """
    found = [Subscription(kind.name, method.hears, name) for name, method in _marked(kind, "hears")]
    names = [subscription.name for subscription in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise TwoHandlers(f"more than one handler for {', '.join(sorted(twice))}")
    return sorted(found, key=lambda subscription: subscription.name)


def timers_of(kind: type[Subscriptions]) -> list[Timer]:
    """All timers of a service, by name."""
    return [Timer(name, method.strikes_every) for name, method in _marked(kind, "strikes_every")]


def deliver(
    kind: type[Subscriptions],
    runtime: Runtime,
    subscription: Subscription,
    *envelopes: Envelope,
    attempts: int = 1,
    letter: str = "",
) -> int:
    """Handle facts in one transaction, all or none; how many of them this subscription had not met before.

    Args:
        letter: the dead letter that is replayed; its fact is handled although it was met before, once.

    Raises:
        Exception: whatever the handler raised; nothing has changed.
    """
    now, principal = runtime.clock(), _system(kind)
    by_id = {envelope.id: envelope for envelope in envelopes}
    with runtime.unit_of_work(principal=principal, now=now) as work:
        if letter and dead_letters.settle(work.session, work.tables["dead_letters"], letter, now=now):
            for id in by_id:
                inbox.forget(work.session, work.tables["inbox"], id, subscription.name)
        met = inbox.first_times(work.session, work.tables["inbox"], by_id, subscription.name, now)
        new = [envelope for id, envelope in by_id.items() if id in met and envelope.type != END_OF_HISTORY]
        for trace, of_one_request in groupby(new, key=attrgetter("traceparent")):
            with telemetry.span(subscription.name, traceparent=trace, kind=SpanKind.CONSUMER):
                for envelope in of_one_request:
                    call = Call(work, principal, now, runtime, envelope.delivery(attempts))
                    _handle(kind, subscription, envelope, call)
    return len(new)


def _handle(kind: type[Subscriptions], subscription: Subscription, envelope: Envelope, call: Call) -> None:
    message = read_message(envelope.data, subscription.message)
    with _timed(telemetry.HANDLED, subscription.name):
        getattr(kind(), subscription.method_name)(message, call)


def strike(kind: type[Subscriptions], runtime: Runtime, timer: str) -> None:
    """Let a timer strike once, in a transaction of its own.

    Raises:
        Exception: whatever the method raised; nothing has changed.
    """
    now, principal = runtime.clock(), _system(kind)
    name = f"{kind.name}.{timer}"
    with (
        _timed(telemetry.TIMERS, name),
        telemetry.span(name),
        runtime.unit_of_work(principal=principal, now=now) as work,
    ):
        getattr(kind(), timer)(Call(work, principal, now, runtime))


def run_workers(services: Sequence[Service], settings: Settings) -> None:
    """The worker role: relay, subscriptions and timers of the services, until SIGINT or SIGTERM."""
    from services.chassis.worker.host import Host

    Host(services, settings).run()


def _marked(kind: type[Subscriptions], mark: str) -> list[tuple[str, Any]]:
    return [(name, getattr(kind, name)) for name in sorted(dir(kind)) if hasattr(getattr(kind, name), mark)]


def _system(kind: type[Subscriptions]) -> Principal:
    return Principal(subject=f"system:{kind.name}", roles=frozenset({"system"}))


@contextmanager
def _timed(times: Any, name: str) -> Iterator[None]:
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    finally:
        times.labels(name, outcome).observe(time.perf_counter() - began)
