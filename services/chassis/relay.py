"""The relay: takes facts from the outbox to the bus, in order, in batches, again and again until the bus has them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Table, func, select
from sqlalchemy.exc import DBAPIError

from services.chassis import clock, telemetry
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.outbox import BATCH, Fact, TwoLeaders, facts, mark_sent, utc

LONGEST_PAUSE = 5.0

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class Publication:
    """What became of a batch. A fact that is neither taken nor refused is still under way.

    Args:
        taken: ids the bus answers for from now on.
        refused: ids it did not take, with the reason.
    """

    taken: frozenset[str]
    refused: Mapping[str, str]


class Publisher(Protocol):
    """What a relay needs of the bus."""

    def publish(self, batch: Sequence[Fact]) -> Publication:
        """Send a batch in its order and wait, for a bounded time, for the bus to answer.

        Raises:
            BusDown: the bus does not answer; nothing is known of the batch.
        """
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class BusDown(Exception):
    """The bus does not answer."""


class Leader(Protocol):
    """Who says whether this process leads."""

    def held(self) -> bool: ...


class TroubledBatch(Exception):
    """The bus refused some facts of a batch; they are sent again."""

    def __init__(self, refused: Mapping[str, str]) -> None:
        first, reason = next(iter(refused.items()))
        super().__init__(f"{len(refused)} refused, the first ({first}): {reason}")


class Relay:
    """Sends a service's facts in the order they were written, for as long as it takes.

    Args:
        service: whose facts, e.g. `plans`.
        database: where its outbox is.
        table: the outbox.
        publisher: the bus.
        leader: says whether this replica is the one to send.
        clock: gives `sent_at`.
        poll: seconds between two looks into an empty outbox.
    """

    def __init__(
        self,
        service: str,
        database: Database,
        table: Table,
        publisher: Publisher,
        leader: Leader,
        *,
        clock: Clock = clock.now,
        poll: float = 0.05,
        batch: int = BATCH,
    ) -> None:
        self._service = service
        self._database = database
        self._table = table
        self._publisher = publisher
        self._leader = leader
        self._clock = clock
        self._poll = poll
        self._batch = batch
        self._stopping = threading.Event()
        self.is_well = False

    def run(self) -> None:
        """Send until `stop` is called; no failure ends it."""
        trouble = 0
        while not self._stopping.is_set():
            try:
                sent = self.step() if self._leader.held() else 0
                trouble, self.is_well = 0, True
                pause = 0.0 if sent else self._poll
            except (BusDown, DBAPIError, TroubledBatch, TwoLeaders) as error:
                trouble, self.is_well = trouble + 1, False
                pause = min(LONGEST_PAUSE, self._poll * 2.0 ** min(trouble, 10))
                log.warning("relay_waits", service=self._service, reason=str(error).partition("\n")[0], seconds=pause)
            self._stopping.wait(pause)
        self._publisher.close()

    def stop(self) -> None:
        """Send no further batch."""
        self._stopping.set()

    def step(self) -> int:
        """Send the next batch and mark what the bus has taken; how many that were.

        Raises:
            BusDown: the bus does not answer.
            TroubledBatch: it refused some; the others are marked.
            TwoLeaders: another replica sent the same facts; they may be twice on the bus and are once in the chain.
        """
        with self._database.transaction(read_only=True) as session:
            batch = facts(session, self._table, limit=self._batch)
        if not batch:
            return 0
        publication = self._publisher.publish(batch)
        taken = [fact for fact in batch if fact.id in publication.taken]
        if taken:
            with self._database.transaction() as session:
                end = mark_sent(session, self._table, taken, at=self._clock())
            telemetry.PUBLISHED.labels(self._service).inc(len(taken))
            log.info("sent", service=self._service, facts=len(taken), position=end.position, hash=end.hash)
        if publication.refused:
            telemetry.REFUSED.labels(self._service).inc(len(publication.refused))
            raise TroubledBatch(publication.refused)
        return len(taken)

    def measure(self) -> None:
        """Bring the gauges of waiting facts up to date."""
        waiting = select(func.count(), func.min(self._table.c.occurred_at)).where(self._table.c.sent_at.is_(None))
        with self._database.transaction(read_only=True) as session:
            unsent, oldest = session.execute(waiting).one()
        lag = (self._clock() - utc(oldest)).total_seconds() if oldest else 0.0
        telemetry.OUTBOX_UNSENT.labels(self._service).set(unsent)
        telemetry.OUTBOX_LAG.labels(self._service).set(lag)
