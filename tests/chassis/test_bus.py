"""The envelope is CloudEvents 1.0, and in memory a fact is sent when everybody has handled it."""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from kombu.connection import Connection

from services.chassis import bus
from services.chassis.bus.cloudevents import CONTENT_TYPE, body_of, end_of_history
from services.chassis.bus.in_memory import InMemory
from services.chassis.bus.rabbitmq import RabbitMQ
from services.chassis.bus.topology import Topology
from services.chassis.outbox import Fact
from tests.support.shelf import NOON

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def fact(id: str = "e1", type: str = "plan_received") -> Fact:
    return Fact(
        sequence=7,
        id=id,
        aggregate_type="plan",
        aggregate_id="p1",
        type=type,
        message="liangma.plans.v1.PlanReceived",
        payload='{"planId":"p1","reason":"无"}',
        traceparent=TRACE,
        occurred_at=NOON,
    )


def test_an_envelope_is_a_cloud_event_with_the_message_as_data() -> None:
    assert json.loads(body_of(fact())) == {
        "specversion": "1.0",
        "id": "e1",
        "source": "plans",
        "type": "liangma.plans.v1.PlanReceived",
        "subject": "plan/p1",
        "time": "2025-06-09T04:00:00.000000Z",
        "sequence": "0000000000000000007",
        "datacontenttype": "application/json",
        "traceparent": TRACE,
        "data": {"planId": "p1", "reason": "无"},
    }


def test_an_envelope_reads_back_as_it_was_written() -> None:
    read = bus.Envelope.parse(body_of(fact()))
    assert read.delivery(3) == bus.Delivery("e1", "plans", "liangma.plans.v1.PlanReceived", "plan/p1", NOON, 3)
    assert read.to_json() == body_of(fact())
    assert bus.Envelope.parse(read.to_json().encode()) == read


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"", b"[]", b"{}", b"null", '{"specversion":"1.0","id":"a","source":"b","type":"c","data":[]}']
    + [json.dumps(json.loads(body_of(fact())) | change) for change in ({"time": "noon"}, {"specversion": "2"})],
)
def test_what_is_no_envelope_is_unreadable(body: str | bytes) -> None:
    with pytest.raises(bus.Unreadable):
        bus.Envelope.parse(body)


def test_the_url_chooses_the_transport() -> None:
    assert isinstance(bus.connect("memory://"), InMemory)
    assert isinstance(bus.connect("amqp://guest@nowhere//", "a."), RabbitMQ)


def test_names_on_the_bus_say_who_hears_what_of_whom() -> None:
    queue: Any = Topology("x.").subscription("tasks", "plans", "plan_received")
    assert (queue.name, queue.exchange.name, queue.routing_key) == (
        "x.tasks.plans.plan_received",
        "x.plans.events",
        "plan_received",
    )
    assert queue.queue_arguments["x-queue-type"] == "quorum"
    assert queue.queue_arguments["x-dead-letter-exchange"] == "x.tasks.dead"


class Hearer:
    """A subscription in this process, without a worker."""

    def __init__(self, memory: InMemory, name: str) -> None:
        self._memory = memory
        queue = memory.topology.subscription(name, "plans", "plan_received")
        memory.expect(queue.name, "plans", "plan_received")
        memory.declare(queue)
        self.queue = queue.name
        self._channel = Connection("memory://").default_channel

    def take(self) -> str:
        """The id of the next fact; empty: none waits."""
        raw = self._channel.basic_get(self.queue)
        if raw is None:
            return ""
        raw.ack()
        assert raw.content_type == CONTENT_TYPE
        return bus.Envelope.parse(raw.body).id

    def done(self, *ids: str) -> None:
        self._memory.handled(self.queue, ids)


@pytest.fixture
def memory(request: pytest.FixtureRequest) -> InMemory:
    return InMemory(Topology(f"{request.node.name}."))


def test_in_memory_a_fact_is_taken_once_every_hearer_is_done_with_it(memory: InMemory) -> None:
    one, other = Hearer(memory, "tasks"), Hearer(memory, "credit")
    publisher = memory.publisher("plans")
    assert publisher.publish([fact()]).taken == frozenset()
    assert (one.take(), other.take()) == ("e1", "e1")
    one.done("e1")
    assert publisher.publish([fact()]).taken == frozenset()
    other.done("e1")
    assert publisher.publish([fact()]).taken == {"e1"}
    assert (one.take(), other.take()) == ("", "")


def test_in_memory_one_that_takes_long_does_not_hold_up_those_behind_it(memory: InMemory) -> None:
    hearer = Hearer(memory, "tasks")
    publisher = memory.publisher("plans")
    batch = [fact("slow"), fact("quick")]
    publisher.publish(batch)
    hearer.done("quick")
    assert publisher.publish(batch).taken == {"quick"}


def test_in_memory_a_publisher_is_woken_when_the_last_hearer_is_done(memory: InMemory) -> None:
    hearer = Hearer(memory, "tasks")
    patient = replace(memory.publisher("plans"), patience=30.0)  # type: ignore[type-var]
    threading.Timer(0.1, hearer.done, ["e1"]).start()
    assert patient.publish([fact()]).taken == {"e1"}


def test_in_memory_a_fact_nobody_hears_is_taken_at_once(memory: InMemory) -> None:
    assert memory.publisher("plans").publish([fact(type="plan_approved")]).taken == {"e1"}


def test_in_memory_a_message_can_be_put_into_one_queue(memory: InMemory) -> None:
    hearer = Hearer(memory, "tasks")
    end = end_of_history("plans", NOON)
    memory.send(hearer.queue, [("e1", body_of(fact())), (end.id, end.to_json())])
    assert [hearer.take(), hearer.take(), hearer.take()] == ["e1", end.id, ""]
