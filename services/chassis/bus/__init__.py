"""The bus: what facts travel by. Names in one place, one envelope, two transports.

    <source>.events           topic exchange; routing key: the fact's type
      └─ <subscriber>.<source>.<type>   quorum queue of one subscription
           └─ <subscriber>.dead         last net: what the broker itself gave up on
    unrouted                  alternate exchange and queue of every <source>.events: facts nobody hears (yet)
    <source>.history          queue of requests of new subscriptions for what was announced before they were there

A fact that nobody hears is taken all the same and goes to `unrouted`: it must not hold up the others. Nothing is lost
by it, since a subscription that comes later asks for the history. What is published stays `mandatory`, so that a broken
topology shows as a refusal and not as silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from services.chassis.bus.cloudevents import (
    Delivery,
    Envelope,
    NotYet,
    Unreadable,
)

if TYPE_CHECKING:
    from kombu.entity import Queue

    from services.chassis.bus.topology import Topology
    from services.chassis.relay import Publisher

__all__ = ["Bus", "Delivery", "Envelope", "NotYet", "Unreadable", "connect"]


class Bus(Protocol):
    """A transport as the host of the workers needs it."""

    topology: Topology
    nameko: dict[str, Any]
    prefetch: int

    def publisher(self, source: str) -> Publisher:
        """Where the relay of a service sends."""
        ...

    def expect(self, queue: str, source: str, type: str) -> None:
        """Be told of a subscription before anything is sent."""
        ...

    def acknowledge(self, messages: Sequence[Any], *, all_before: bool) -> None:
        """Tell the broker that messages are done, and (`all_before`) every earlier one of their channel is, too."""
        ...

    def handled(self, queue: str, ids: Iterable[str]) -> None:
        """Be told that a subscription is done with facts."""
        ...

    def declare(self, queue: Queue) -> None:
        """Make a queue exist.

        Raises:
            BusDown: the bus does not answer.
        """
        ...

    def send(self, queue: str, bodies: Sequence[tuple[str, str]]) -> None:
        """Put messages, as pairs of id and body, into one existing queue; they are as safe as in it on return.

        Raises:
            BusDown: the bus does not answer, or there is no such queue; some may be there.
        """
        ...


def connect(url: str, prefix: str = "") -> Bus:
    """The transport a URL names: RabbitMQ, or `memory://` within this process."""
    from services.chassis.bus.in_memory import InMemory
    from services.chassis.bus.rabbitmq import RabbitMQ
    from services.chassis.bus.topology import Topology

    topology = Topology(prefix)
    return InMemory(topology) if url.startswith("memory:") else RabbitMQ(url, topology)
