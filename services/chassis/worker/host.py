"""Runs workers: for each service a nameko container with its desks and timers, a relay, and a hand for dead letters."""

# mypy: allow-untyped-calls, allow-subclassing-any
# nameko and eventlet have no types

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import eventlet
from eventlet.event import Event
from nameko.extensions import Entrypoint, register_entrypoint
from nameko.runners import ServiceRunner
from nameko.timer import Timer as NamekoTimer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from services.chassis import bus as buses
from services.chassis import garbage, telemetry
from services.chassis.bus import Bus
from services.chassis.bus.cloudevents import END_OF_HISTORY
from services.chassis.database import Database
from services.chassis.leadership import Leadership
from services.chassis.relay import BusDown, Relay
from services.chassis.runtime import Runtime
from services.chassis.worker import Subscription, Timer, strike, subscriptions_of, timers_of
from services.chassis.worker.clerks import FactClerk, HistoryClerk, NetClerk
from services.chassis.worker.desk import Desk
from services.chassis.worker.health import Health
from services.chassis.worker.replays import Replays

if TYPE_CHECKING:
    from services.chassis.runtime import Service
    from services.chassis.settings import Settings

DRAIN_SECONDS = 20
MOST_AT_ONCE = 256  # desks and timers that work at the same moment; database connections are the real bound
REPLAY_SECONDS = 0.5

log = telemetry.logger(__name__)


class Strike(NamekoTimer):
    """A timer that strikes at the start and then at its interval, in the replica that leads."""

    def __init__(self, interval: float, leadership: Leadership, work: Callable[[], None]) -> None:
        super().__init__(interval, eager=True)
        self._leadership = leadership
        self._work = work

    def handle_timer_tick(self) -> None:
        """Called by nameko when the time has come."""
        if self._leadership.held():
            self.container.spawn_worker(self, (self._work,), {}, handle_result=self.handle_result)
        else:
            self.worker_complete.send()


class ServiceWorker:
    """One service at work.

    Args:
        runtime: its database, stores and clock.
        bus: the transport.
    """

    def __init__(self, runtime: Runtime, bus: Bus) -> None:
        self.runtime = runtime
        _suit_green_threads(runtime.database)
        self.name = runtime.service.name
        self._bus = bus
        self._kind = runtime.service.subscriptions(runtime)
        self._subscriptions = subscriptions_of(self._kind)
        self._inbox = runtime.service.metadata.tables["inbox"]
        self.leadership = Leadership(runtime.database, self.name)
        outbox, publisher = runtime.service.metadata.tables["outbox"], bus.publisher(self.name)
        self.relay = Relay(self.name, runtime.database, outbox, publisher, self.leadership, clock=runtime.clock)
        self._replays = Replays(self._kind, runtime)
        self._stopping = False

    def nameko_service(self) -> type:
        """What nameko runs: an entrypoint for each queue and each timer. Their method does what they hand it."""
        topology = self._bus.topology
        made: dict[str, Entrypoint] = {
            "dead": Desk(topology.dead(self.name), NetClerk(self.runtime, topology.prefix), self._bus),
            "history": Desk(topology.history(self.name), HistoryClerk(self.runtime, self._bus), self._bus),
        }
        for subscription in self._subscriptions:
            made[f"on_{subscription.source}_{subscription.type}"] = self._desk(subscription)
        for timer in timers_of(self._kind):
            made[f"timer_{timer.method_name}"] = Strike(timer.seconds, self.leadership, self._striker(timer))
        return type(self.name, (), {"name": self.name} | {name: _method(each) for name, each in made.items()})

    def ask_for_history(self) -> None:
        """For every subscription that is new, ask its source for what was announced before."""
        while unanswered := self._new_subscriptions():
            try:
                for each in unanswered:
                    self._ask(each)
            except (BusDown, DBAPIError) as error:
                log.warning("history_not_asked_for", service=self.name, reason=str(error).partition("\n")[0])
                eventlet.sleep(1)
            else:
                return

    def keep_replaying(self) -> None:
        """Take up letters that are to be handled again, until `stop`."""
        while not self._stopping:
            try:
                if self.leadership.held():
                    self._replays.take_up()
            except DBAPIError as error:
                log.warning("replay_waits", service=self.name, reason=str(error).partition("\n")[0])
            eventlet.sleep(REPLAY_SECONDS)

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping = True
        self.relay.stop()

    def _ask(self, subscription: Subscription) -> None:
        queue = self._bus.topology.subscription(self.name, subscription.source, subscription.type).name
        requests = self._bus.topology.history(subscription.source)
        self._bus.declare(requests)  # the source may never have run
        self._bus.send(requests.name, [(queue, json.dumps({"type": subscription.type, "queue": queue}))])

    def _desk(self, subscription: Subscription) -> Desk:
        queue = self._bus.topology.subscription(self.name, subscription.source, subscription.type)
        self._bus.expect(queue.name, subscription.source, subscription.type)
        return Desk(queue, FactClerk(self._kind, self.runtime, subscription), self._bus)

    def _striker(self, timer: Timer) -> Callable[[], None]:
        def work() -> None:
            try:
                strike(self._kind, self.runtime, timer.method_name)
            except Exception:  # it strikes again
                log.exception("timer_failed", service=self.name, timer=timer.method_name)

        return work

    def _new_subscriptions(self) -> list[Subscription]:
        known = select(self._inbox.c.subscription).where(self._inbox.c.event_id == END_OF_HISTORY)
        with self.runtime.database.transaction(read_only=True) as session:
            answered = set(session.scalars(known))
        return [each for each in self._subscriptions if each.name not in answered]


class Host:
    """All workers of one process.

    Args:
        services: whose workers.
        settings: the bus, the databases, the address for health.
    """

    def __init__(self, services: Sequence[Service], settings: Settings) -> None:
        self._settings = settings
        telemetry.set_up(settings.log_level, "-".join(service.name for service in services) + "-worker")
        self._bus = buses.connect(settings.amqp_url, settings.amqp_prefix)
        self._workers = [ServiceWorker(Runtime(service, settings), self._bus) for service in services]
        self._runner = ServiceRunner(self._bus.nameko | {"max_workers": MOST_AT_ONCE, "prefetch": self._bus.prefetch})
        self._started = False
        self._end = Event()

    def run(self) -> None:
        """Work until SIGINT or SIGTERM, then finish what is in hand.

        Raises:
            Exception: a part of it broke for good; the process should end and be started again.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._end_with(None))
        address = Health(self._troubles, self._measure).serve(self._settings.worker_listen)
        self._spawn(lambda: self._start(address))
        try:
            self._end.wait()
        finally:
            self._stop()

    def _start(self, address: str) -> None:
        for worker in self._workers:
            self._runner.add_service(worker.nameko_service())
        self._runner.start()  # returns when every queue is there and consumed
        self._spawn(self._runner.wait)
        for worker in self._workers:
            self._spawn(worker.ask_for_history)
            self._spawn(worker.relay.run)
            self._spawn(worker.keep_replaying)
        self._started = True
        garbage.settle()
        names = ", ".join(worker.name for worker in self._workers)
        print(f"ready: {names} worker on {address}", flush=True)  # noqa: T201 (whoever started it waits for this line)

    def _stop(self) -> None:
        for worker in self._workers:
            worker.stop()
        with eventlet.Timeout(DRAIN_SECONDS, False):
            self._runner.stop() if self._started else self._runner.kill()
        for worker in self._workers:
            worker.leadership.release()
            worker.runtime.database.dispose()

    def _spawn(self, work: Callable[[], None]) -> None:
        eventlet.spawn(work).link(self._part_ended)

    def _part_ended(self, part: Any) -> None:
        try:
            part.wait()
        except Exception as error:  # noqa: BLE001 (ends the process, below)
            self._end_with(error)

    def _end_with(self, error: Exception | None) -> None:
        if self._end.ready():
            return
        if error:
            self._end.send_exception(error)
        else:
            self._end.send()

    def _troubles(self) -> list[str]:
        if not self._started:
            return ["the bus does not answer yet"]
        waiting = [worker.name for worker in self._workers if worker.leadership.held() and not worker.relay.is_well]
        return [f"the relay of {name} cannot send" for name in waiting]

    def _measure(self) -> None:
        for worker in self._workers:
            worker.relay.measure()


def _suit_green_threads(database: Database) -> None:
    """Let many rows go in one statement: under eventlet psycopg's `executemany`, which waits often, costs ten times."""
    if not database.is_sqlite:
        database.engine.dialect.use_insertmanyvalues_wo_returning = True


def _method(entrypoint: Entrypoint) -> Callable[[Any, Callable[[], None]], None]:
    def work(_: Any, task: Callable[[], None]) -> None:
        task()

    register_entrypoint(work, entrypoint)
    return work
