"""Bringing facts from an outbox in PostgreSQL to a quorum queue of RabbitMQ, beside publishing each with a confirm.

The relay does more than its peer: it reads the facts, marks them as sent, chains a hash over them, and commits.
"""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
from kombu.connection import Connection
from liangma.plans.v1 import events_pb2
from sqlalchemy import MetaData, Table
from uuid_utils import uuid7

from benchmarks.harness import Benchmark, Contender, Role, Skipped
from services.chassis import clock, outbox, telemetry
from services.chassis.bus.cloudevents import CONTENT_TYPE, body_of
from services.chassis.bus.rabbitmq import RabbitMQ
from services.chassis.bus.topology import Topology
from services.chassis.database import Database
from services.chassis.outbox import Draft, Fact
from services.chassis.relay import BusDown, Publisher, Relay

FACTS = 5_000
RUNS = 6  # one to warm up
AIM = 8_000  # facts/s
DATABASE = os.environ.get("LIANGMA_BENCH_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
RABBIT = os.environ.get("LIANGMA_BENCH_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")
TYPE = "plan_received"


class Leads:
    """There is no other replica here."""

    def held(self) -> bool:
        """Always."""
        return True


@dataclass(frozen=True)
class Course:
    """What all contenders run on.

    Args:
        database: with the outbox, full of facts.
        outbox: its table.
        bus: with one subscription that keeps what comes.
        publisher: of the bus.
        facts: some facts in hand, for those who do not read them.
    """

    database: Database
    outbox: Table
    bus: RabbitMQ
    publisher: Publisher
    facts: list[Fact]

    def relay(self) -> int:
        """Send the next facts of the outbox; how many that were."""
        relay = Relay("plans", self.database, self.outbox, self.publisher, Leads())
        sent = 0
        while sent < FACTS:
            if not (taken := relay.step()):
                fill(self.database, self.outbox, FACTS)  # a fast machine takes more turns than were provided for
            sent += taken
        return sent

    def publish_each(self) -> int:
        """Publish as kombu does when it is told to confirm; how many."""
        exchange = self.bus.topology.events("plans")
        with Connection(RABBIT, transport_options={"confirm_publish": True}) as connection:
            producer = connection.Producer(exchange=exchange)
            for fact in self.facts:
                producer.publish(
                    body_of(fact), TYPE, content_type=CONTENT_TYPE, content_encoding="utf-8", mandatory=True
                )
        return len(self.facts)

    def publish_together(self) -> int:
        """Publish with one wait for all confirms, and do nothing else; how many."""
        return len(self.publisher.publish(self.facts).taken)


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Fill an outbox and declare a subscription, and clear both away."""
    with course() as made:
        yield Benchmark(
            "relay",
            f"{FACTS:,} facts from the outbox to RabbitMQ",
            [
                Contender("relay", made.relay, Role.OURS, same_answer=True),
                Contender("publish, confirm each", made.publish_each, Role.PEER, same_answer=True),
                Contender("publish, confirm all at the end", made.publish_together, Role.LIMIT, same_answer=True),
            ],
            reference=lambda: FACTS,
            units=(FACTS, "facts"),
            aim=AIM,
            against=("publish, confirm each",),
            target=5.0,
            rounds=RUNS - 1,
        )


@contextmanager
def course() -> Iterator[Course]:
    """A full outbox and an empty queue.

    Raises:
        Skipped: PostgreSQL or RabbitMQ does not answer.
    """
    telemetry.set_up("WARNING", "benchmarks")
    with schema("relay") as url, opened(url) as database:
        topology = Topology(f"bench-{uuid.uuid4().hex[:8]}.")
        bus = RabbitMQ(RABBIT, topology)
        queue = topology.subscription("tasks", "plans", TYPE)
        try:
            bus.declare(queue)
        except BusDown as error:
            raise Skipped(str(error)) from error
        metadata = MetaData()
        table = outbox.outbox_table(metadata)
        metadata.create_all(database.engine)
        fill(database, table, FACTS * RUNS)
        with database.transaction(read_only=True) as session:
            facts = outbox.facts(session, table, limit=FACTS)
        try:
            with closing(bus.publisher("plans")) as publisher:
                yield Course(database, table, bus, publisher, facts)
        finally:
            forget(topology)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database, closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def schema(name: str) -> Iterator[str]:
    """A schema of its own in PostgreSQL; the URL that leads there.

    Raises:
        Skipped: PostgreSQL does not answer.
    """
    try:
        connection = psycopg.connect(DATABASE, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        raise Skipped(str(error)) from error
    unique = f"bench_{name}_{uuid.uuid4().hex[:8]}"
    with connection:
        connection.execute(f'CREATE SCHEMA "{unique}"')
        try:
            yield f"{DATABASE}{'&' if '?' in DATABASE else '?'}options=-csearch_path%3D{unique}"
        finally:
            connection.execute(f'DROP SCHEMA "{unique}" CASCADE')


def fill(database: Database, table: Table, count: int) -> None:
    """Write facts into an outbox."""
    for _ in range(0, count, 1000):
        ids = [str(uuid7()) for _ in range(1000)]
        with database.transaction() as session:
            outbox.append_all(session, table, [draft(id) for id in ids])


def draft(id: str) -> Draft:
    """A fact of usual size."""
    message = events_pb2.PlanReceived(plan_id=id, authority_id="11500000009275408K", answer="RECEIVED", reason="无")
    return Draft(id=id, message=message, aggregate_type="plan", aggregate_id=id, occurred_at=clock.now())


def forget(topology: Topology) -> None:
    """Clear the broker."""
    queue = topology.subscription("tasks", "plans", TYPE)
    with Connection(RABBIT) as connection:
        channel = connection.default_channel
        for each in (queue, topology.unrouted()):
            channel.queue_delete(each.name)
        for exchange in (queue.exchange, topology.unrouted().exchange):
            channel.exchange_delete(exchange.name)
