"""All names on the bus."""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

from dataclasses import dataclass

from kombu.entity import Exchange, Queue

BROKER_DELIVERIES = 20
"""How often the broker hands out a fact at most. Failures are counted by the worker, which needs no requeueing to try
again; only workers that die with a fact in hand use these up, and an innocent fact must survive a few deaths."""

UNROUTED_KEPT = 100_000
_QUORUM = {"x-queue-type": "quorum"}


@dataclass(frozen=True)
class Topology:
    """All names on the bus.

    Args:
        prefix: put before every name, so that several systems share one broker.
    """

    prefix: str = ""

    def events(self, source: str) -> Exchange:
        """Where a service announces its facts."""
        arguments = {"alternate-exchange": f"{self.prefix}unrouted"}
        return Exchange(f"{self.prefix}{source}.events", type="topic", durable=True, arguments=arguments)

    def subscription(self, subscriber: str, source: str, type: str) -> Queue:
        """What one service is to hear of one kind of fact."""
        arguments = _QUORUM | {
            "x-delivery-limit": BROKER_DELIVERIES,
            "x-dead-letter-exchange": f"{self.prefix}{subscriber}.dead",
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
        name = f"{self.prefix}{subscriber}.{source}.{type}"
        return Queue(name, self.events(source), routing_key=type, durable=True, queue_arguments=arguments)

    def dead(self, subscriber: str) -> Queue:
        """What the broker gave up on; the worker keeps it as dead letters."""
        name = f"{self.prefix}{subscriber}.dead"
        return Queue(name, Exchange(name, type="fanout", durable=True), durable=True, queue_arguments=_QUORUM)

    def history(self, source: str) -> Queue:
        """Requests for what a service announced earlier."""
        return Queue(f"{self.prefix}{source}.history", durable=True, queue_arguments=_QUORUM)

    def unrouted(self) -> Queue:
        """The latest facts nobody heard."""
        name = f"{self.prefix}unrouted"
        arguments = {"x-max-length": UNROUTED_KEPT, "x-queue-mode": "lazy"}
        return Queue(name, Exchange(name, type="fanout", durable=True), durable=True, queue_arguments=arguments)
