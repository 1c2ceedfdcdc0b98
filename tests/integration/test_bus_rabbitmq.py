"""The RabbitMQ publisher believes nothing but a confirm."""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from kombu.connection import Connection
from kombu.entity import Queue

from services.chassis.bus import Envelope
from services.chassis.bus.rabbitmq import RabbitMQ
from services.chassis.bus.topology import Topology
from services.chassis.outbox import Fact
from services.chassis.relay import BusDown, Publisher
from tests.support.broker import RABBITMQ
from tests.support.shelf import NOON
from tests.support.workers import cable

pytestmark = pytest.mark.rabbitmq


def fact(n: int, type: str = "plan_received") -> Fact:
    return Fact(n, f"e{n}", "plan", f"p{n}", type, "liangma.plans.v1.PlanReceived", '{"planId":"p"}', "", NOON)


@pytest.fixture
def topology() -> Iterator[Topology]:
    made = Topology(f"test-{uuid.uuid4().hex[:12]}.")
    yield made
    with Connection(RABBITMQ) as connection:
        channel = connection.default_channel
        for queue in (made.unrouted(), made.dead("tasks"), hearing(made), made.history("plans")):
            channel.queue_delete(queue.name)
        for exchange in (made.unrouted().exchange, made.dead("tasks").exchange, made.events("plans")):
            channel.exchange_delete(exchange.name)


def hearing(topology: Topology) -> Queue:
    return topology.subscription("tasks", "plans", "plan_received")


def read(queue: str) -> list[str]:
    found = []
    with Connection(RABBITMQ) as connection:
        while message := connection.default_channel.basic_get(queue, no_ack=True):
            found.append(Envelope.parse(message.body).id)
    return found


@contextmanager
def publishing(topology: Topology, url: str = RABBITMQ, **options: float) -> Iterator[Publisher]:
    with closing(RabbitMQ(url, topology, **options).publisher("plans")) as publisher:
        yield publisher


def test_a_batch_is_confirmed_as_a_whole_and_arrives_in_order(topology: Topology) -> None:
    RabbitMQ(RABBITMQ, topology).declare(hearing(topology))
    with publishing(topology) as publisher:
        for start in (0, 700):
            publication = publisher.publish([fact(n) for n in range(start, start + 700)])
            assert publication.taken == {f"e{n}" for n in range(start, start + 700)}
            assert publication.refused == {}
    assert read(hearing(topology).name) == [f"e{n}" for n in range(1400)]


def test_a_batch_too_large_for_one_write_and_facts_too_large_for_one_frame_arrive_whole(topology: Topology) -> None:
    RabbitMQ(RABBITMQ, topology).declare(hearing(topology))
    batch = [fact(n)._replace(payload=json.dumps({"planId": "p" * 300_000})) for n in range(8)]
    batch[3:3] = [fact(8)]
    with publishing(topology) as publisher:
        assert len(publisher.publish(batch).taken) == 9
    assert read(hearing(topology).name) == [f"e{n}" for n in (0, 1, 2, 8, 3, 4, 5, 6, 7)]


def test_a_fact_nobody_hears_is_taken_and_can_be_looked_at(topology: Topology) -> None:
    with publishing(topology) as publisher:
        assert publisher.publish([fact(1, "plan_approved")]).taken == {"e1"}
    assert read(topology.unrouted().name) == ["e1"]


def test_a_fact_that_comes_back_is_not_taken_and_goes_out_once_the_topology_is_mended(topology: Topology) -> None:
    with publishing(topology) as publisher:
        publisher.publish([fact(1, "plan_approved")])
        with Connection(RABBITMQ) as connection:
            connection.default_channel.queue_delete(topology.unrouted().name)
        publication = publisher.publish([fact(2, "plan_approved")])
        assert publication.taken == frozenset()
        assert "came back" in publication.refused["e2"]
        assert publisher.publish([fact(2, "plan_approved")]).taken == {"e2"}


def test_what_a_full_queue_refuses_is_not_taken(topology: Topology) -> None:
    narrow = Queue(
        hearing(topology).name,
        topology.events("plans"),
        routing_key="plan_received",
        durable=True,
        queue_arguments={"x-max-length": 1, "x-overflow": "reject-publish"},
    )
    RabbitMQ(RABBITMQ, topology).declare(narrow)
    with publishing(topology) as publisher:
        publication = publisher.publish([fact(n) for n in range(3)])
    assert publication.taken == {"e0"}
    assert publication.refused == dict.fromkeys(("e1", "e2"), "refused by the broker")


def test_a_frozen_broker_is_given_up_after_the_confirm_timeout(topology: Topology) -> None:
    with cable() as line, publishing(topology, line.url, confirm_seconds=1.0) as publisher:
        assert publisher.publish([fact(1)]).taken == {"e1"}
        line.freeze()
        began = time.monotonic()
        publication = publisher.publish([fact(2)])
        assert 0.9 < time.monotonic() - began < 10
        assert publication.taken == frozenset()
        assert publication.refused == {"e2": "not confirmed in time"}
        line.plug()
        assert publisher.publish([fact(2)]).taken == {"e2"}


def test_a_broken_connection_is_reported_and_the_next_batch_gets_a_new_one(topology: Topology) -> None:
    with cable() as line, publishing(topology, line.url) as publisher:
        publisher.publish([fact(1)])
        line.cut()
        with pytest.raises(BusDown):
            publisher.publish([fact(2)])
        assert publisher.publish([fact(2)]).taken == {"e2"}


def test_a_broker_that_is_not_there_is_reported(topology: Topology) -> None:
    with cable() as line, publishing(topology, line.url) as publisher:
        line.unplug()
        with pytest.raises(BusDown):
            publisher.publish([fact(1)])


def test_messages_for_a_queue_that_does_not_exist_are_not_lost_silently(topology: Topology) -> None:
    bus = RabbitMQ(RABBITMQ, topology)
    with pytest.raises(BusDown, match="did not take everything"):
        bus.send(topology.history("plans").name, [("e1", "{}")])
    bus.declare(topology.history("plans"))
    bus.send(topology.history("plans").name, [("e1", "{}")])


def test_facts_are_written_to_disk_and_named_by_their_id(topology: Topology) -> None:
    bus = RabbitMQ(RABBITMQ, topology)
    bus.declare(hearing(topology))
    with publishing(topology) as publisher:
        publisher.publish([fact(1)])
    with Connection(RABBITMQ) as connection:
        raw = connection.default_channel.basic_get(hearing(topology).name, no_ack=True)
    assert raw.properties["delivery_mode"] == 2
    assert raw.properties["message_id"] == "e1"
