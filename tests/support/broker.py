"""The RabbitMQ that tests use: where it is, and how a system's names are swept off it afterwards."""

from __future__ import annotations

import os
from importlib import import_module

from kombu.connection import Connection

from services.chassis.bus.topology import Topology
from services.chassis.service import find
from services.chassis.worker import Subscriptions, subscriptions_of

RABBITMQ = os.environ.get("LIANGMA_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")


def sweep(prefix: str, names: tuple[str, ...]) -> None:
    """Delete every queue and exchange that these services declared under a prefix."""
    topology = Topology(prefix)
    heard = [each for name in names for each in subscriptions_of(_subscriptions(find(name).name))]
    queues = [topology.subscription(each.subscriber, each.source, each.type) for each in heard]
    queues += [queue for name in names for queue in (topology.dead(name), topology.history(name))]
    queues.append(topology.unrouted())
    exchanges = [topology.events(name) for name in names] + [queue.exchange for queue in queues if queue.exchange]
    with Connection(RABBITMQ) as connection:  # type: ignore[no-untyped-call]
        for queue in queues:
            connection.default_channel.queue_delete(queue.name)
        for name in {exchange.name for exchange in exchanges if exchange.name}:
            connection.default_channel.exchange_delete(name)


def _subscriptions(name: str) -> type[Subscriptions]:
    module = import_module(f"services.{name}.subscriptions")
    return next(
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Subscriptions) and kind is not Subscriptions
    )
