"""From a committed use case to its committed effect in another service, beside nameko as it comes out of the box.

Ours: outbox, relay, quorum queue, inbox, dead letters. The peer writes its row and publishes its event one after the
other, and its handler commits each event by itself: it loses events when a process dies, and doubles others.

`python -m benchmarks.end_to_end WORKER` is one of the processes this starts.
"""

# mypy: allow-untyped-calls, allow-untyped-decorators
# kombu and nameko have no types

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

if __name__ == "__main__":
    from services.chassis import green

    green.patch()

from google.protobuf.message import Message
from kombu.connection import Connection
from liangma.plans.v1 import events_pb2
from sqlalchemy import Column, MetaData, String, Table, func, insert, select
from sqlalchemy.orm import registry

from benchmarks.harness import Benchmark, Contender, Role
from benchmarks.relay import RABBIT, opened, schema
from services.chassis import clock, telemetry
from services.chassis.bus.topology import Topology
from services.chassis.database import Database, chassis_tables
from services.chassis.identity import Principal
from services.chassis.runtime import Runtime, Service
from services.chassis.servicing import Call
from services.chassis.settings import Settings, load
from services.chassis.worker import Subscriptions, run_workers, subscribe

FACTS = 2_000
AT_ONCE = 100  # facts of one use case
PATIENCE = 120
AIM = 3_000  # facts/s
BEAT = 0.01  # seconds from one use case to the next, at half load
BEATS = 500
GREATEST_P99 = 1.0  # seconds


@dataclass(eq=False, kw_only=True)
class Effect:
    """What the receiving service makes of a fact."""

    id: str
    answer: str


@dataclass(frozen=True)
class Announced:
    """The fact."""

    plan_id: str


plans_metadata, tasks_metadata = MetaData(), MetaData()
chassis_tables(plans_metadata)
chassis_tables(tasks_metadata)
effects = Table(
    "effects", tasks_metadata, Column("id", String(64), primary_key=True), Column("answer", String(64), nullable=False)
)


class Silent(Subscriptions):
    """Hears nothing."""

    name = "plans"


class Hears(Subscriptions):
    """Keeps an effect of every fact."""

    name = "tasks"

    @subscribe(events_pb2.PlanReceived)
    def on_plan_received(self, event: events_pb2.PlanReceived, call: Call) -> None:
        """Keep it."""
        call.work.add(Effect(id=event.plan_id, answer=event.answer))


def encode(event: Announced) -> Message:
    """The fact's message."""
    return events_pb2.PlanReceived(plan_id=event.plan_id, authority_id="11500000009275408K", answer="RECEIVED")


def map_model() -> None:
    """Map the effect, once."""
    if not hasattr(Effect, "__mapper__"):
        registry(metadata=tasks_metadata).map_imperatively(Effect, effects)


SERVICES = {
    "plans": Service("plans", plans_metadata, map_model, encode, lambda _: [], lambda _: Silent),
    "tasks": Service("tasks", tasks_metadata, map_model, encode, lambda _: [], lambda _: Hears),
}


def work_as_peer(prefix: str, database: Database) -> None:
    """A nameko service as its documentation shows it."""
    from nameko.events import event_handler
    from nameko.runners import ServiceRunner

    class Peer:
        name = f"{prefix}peer"

        @event_handler(f"{prefix}announcer", "plan_received", requeue_on_error=True)
        def on_plan_received(self, event: dict[str, str]) -> None:
            with database.transaction() as session:
                session.execute(insert(effects).values(id=event["plan_id"], answer=event["answer"]))

    runner = ServiceRunner({"AMQP_URI": RABBIT, "max_workers": 10})
    runner.add_service(Peer)
    runner.start()
    print("ready: peer", flush=True)
    runner.wait()


@dataclass(frozen=True)
class Course:
    """What all contenders run on.

    Args:
        prefix: of all names on the broker.
        plans: the announcing service.
        tasks: where the effects are.
        peers: where the peer's effects are.
    """

    prefix: str
    plans: Runtime
    tasks: Database
    peers: Database

    def ours(self) -> int:
        """Commit the facts, wait for their effects; how many there are more."""

        def announce() -> None:
            for _ in range(0, FACTS, AT_ONCE):
                with self.plans.unit_of_work(principal=Principal("bench"), now=clock.now()) as work:
                    work.emit(*(Announced(work.new_id()) for _ in range(AT_ONCE)))

        return effects_of(announce, self.tasks)

    def delays(self) -> list[float]:
        """Commit facts at half the rate that is aimed at; how many seconds after each its effect was there."""
        committed: dict[str, float] = {}
        delays: dict[str, float] = {}

        def announce() -> None:
            start = time.perf_counter()
            for beat in range(BEATS):
                time.sleep(max(0.0, start + beat * BEAT - time.perf_counter()))
                with self.plans.unit_of_work(principal=Principal("bench"), now=clock.now()) as work:
                    facts = [Announced(work.new_id()) for _ in range(int(AIM / 2 * BEAT))]
                    work.emit(*facts)
                committed.update(dict.fromkeys((fact.plan_id for fact in facts), time.perf_counter()))

        deadline = time.perf_counter() + PATIENCE
        with ThreadPoolExecutor(1) as pool:
            announcing = pool.submit(announce)
            while not (announcing.done() and len(delays) == len(committed)):
                if time.perf_counter() > deadline:
                    raise TimeoutError(f"{len(committed) - len(delays)} facts had no effect")
                there = which(self.tasks, [id for id in list(committed) if id not in delays])
                now = time.perf_counter()
                delays |= {id: now - committed[id] for id in there}
                time.sleep(0.005)
        return sorted(delays.values())

    def theirs(self) -> int:
        """Publish each event with its confirm, wait for their effects; how many there are more."""
        from nameko.standalone.events import event_dispatcher

        dispatch = event_dispatcher({"AMQP_URI": RABBIT})

        def announce() -> None:
            for _ in range(FACTS):
                event = {"plan_id": uuid.uuid4().hex, "authority_id": "11500000009275408K", "answer": "RECEIVED"}
                dispatch(f"{self.prefix}announcer", "plan_received", event)

        return effects_of(announce, self.peers)


def effects_of(announce: Callable[[], None], database: Database) -> int:
    """Do something and wait for its effects to be committed."""
    before = count(database)
    announce()
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        if (found := count(database) - before) >= FACTS:
            return found
        pause.wait(0.01)
    return count(database) - before


def count(database: Database) -> int:
    """How many effects there are."""
    with database.transaction(read_only=True) as session:
        return session.scalar(select(func.count()).select_from(effects)) or 0


def which(database: Database, ids: Sequence[str]) -> Sequence[str]:
    """Those of the effects that are there."""
    with database.transaction(read_only=True) as session:
        return session.scalars(select(effects.c.id).where(effects.c.id.in_(ids))).all()


def half_load(course: Course) -> list[str]:
    """How long facts take where nothing is in a hurry."""
    delays = course.delays()
    median, p99 = (delays[int(len(delays) * share)] for share in (0.5, 0.99))
    verdict = "reached" if p99 < GREATEST_P99 else "MISSED"
    told = f"median {median * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
    return [f"  ours at {AIM / 2:,.0f} facts/s: {told}; aim p99 under {GREATEST_P99:g} s: {verdict}"]


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Start the workers of both, and clear everything away."""
    with course() as made:
        yield Benchmark(
            "end_to_end",
            f"{FACTS:,} facts, from committed in one service to their effect committed in another",
            [
                Contender("outbox, relay, inbox", made.ours, Role.OURS, same_answer=True),
                Contender("nameko as it comes", made.theirs, Role.PEER, same_answer=True),
            ],
            reference=lambda: FACTS,
            units=(FACTS, "facts"),
            aim=AIM,
            against=("nameko as it comes",),
            target=2.0,
            afterwards=lambda: half_load(made),
        )


@contextmanager
def course() -> Iterator[Course]:
    """Three workers and their databases.

    Raises:
        Skipped: PostgreSQL or RabbitMQ does not answer.
    """
    telemetry.set_up("WARNING", "benchmarks")
    prefix = f"bench-{uuid.uuid4().hex[:8]}."
    with ExitStack() as stack:
        urls = {name: stack.enter_context(schema(name)) for name in ("plans", "tasks", "peer")}
        tasks, peers = (stack.enter_context(opened(urls[name])) for name in ("tasks", "peer"))
        tasks_metadata.create_all(tasks.engine)
        tasks_metadata.create_all(peers.engine)
        environment = os.environ | {
            "LIANGMA_AMQP_URL": RABBIT,
            "LIANGMA_AMQP_PREFIX": prefix,
            "LIANGMA_LOG_LEVEL": "WARNING",
            "LIANGMA_WORKER_LISTEN": "127.0.0.1:0",
        }
        environment |= {f"LIANGMA_{name.upper()}_DATABASE_URL": url for name, url in urls.items()}
        os.environ["LIANGMA_PLANS_DATABASE_URL"] = urls["plans"]
        plans = Runtime(SERVICES["plans"], load(Settings))
        plans_metadata.create_all(plans.database.engine)
        stack.callback(plans.database.dispose)
        stack.callback(forget, prefix)
        for name in urls:
            stack.enter_context(worker(name, environment))
        yield Course(prefix, plans, tasks, peers)


@contextmanager
def worker(name: str, environment: dict[str, str]) -> Iterator[None]:
    """One worker process, until the block ends."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.end_to_end", name]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def forget(prefix: str) -> None:
    """Clear the broker."""
    topology = Topology(prefix)
    queues = [topology.subscription("tasks", "plans", "plan_received"), topology.unrouted()]
    queues += [queue for name in SERVICES for queue in (topology.dead(name), topology.history(name))]
    with Connection(RABBIT) as connection:
        channel = connection.default_channel
        for queue in queues:
            channel.queue_delete(queue.name)
            if queue.exchange.name:
                channel.exchange_delete(queue.exchange.name)
        channel.queue_delete(f"evt-{prefix}announcer-plan_received--{prefix}peer.on_plan_received")
        channel.exchange_delete(f"{prefix}announcer.events")


def main(arguments: Sequence[str]) -> None:
    """Be one of the workers."""
    settings = load(Settings)
    if arguments[0] == "peer":
        work_as_peer(settings.amqp_prefix, Database(os.environ["LIANGMA_PEER_DATABASE_URL"]))
    else:
        run_workers([SERVICES[arguments[0]]], settings)


if __name__ == "__main__":
    main(sys.argv[1:])
