"""Carries what is queued to the channels: beside the transactions, one thread per channel, nothing lost by a crash.

A delivery is begun in one short transaction and concluded in another; in between lies the network and no transaction.
Whoever dies in between leaves a lease that runs out, and the delivery is tried again with the same id.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from services.chassis import telemetry
from services.chassis.identity import Principal
from services.chassis.runtime import Runtime
from services.chassis.unit_of_work import UnitOfWork
from services.credit.channels import NotAcknowledged, Sender
from services.credit.model.channel import ChannelKind
from services.credit.queries.delivery import NextDelivery, channels_with_something_due
from services.credit.use_cases.delivery import Parcel, begin_attempt, note_acknowledged, note_failed

COURIER = Principal(subject="system:credit-courier", roles=frozenset({"system"}))

log = telemetry.logger(__name__)


class Courier:
    """One per worker process.

    Args:
        runtime: the service's database and clock.
        senders: how each kind of channel is served.
    """

    def __init__(self, runtime: Runtime, senders: Mapping[ChannelKind, Sender]) -> None:
        self._runtime = runtime
        self._senders = senders
        self._under_way: set[str] = set()
        self._guard = threading.Lock()

    def wake(self) -> None:
        """Start a round in the background and return at once."""
        threading.Thread(target=self._round, name="credit-courier", daemon=True).start()

    def deliver_due(self) -> None:
        """A round: every channel that has something due is served, all at the same time; returns when all are done."""
        rounds = [
            threading.Thread(target=self._serve, args=(channel_id,), name=f"credit-channel-{channel_id}", daemon=True)
            for channel_id in self._channels()
        ]
        for thread in rounds:
            thread.start()
        for thread in rounds:
            thread.join()

    def _round(self) -> None:
        try:
            self.deliver_due()
        except Exception:  # the next round tries again
            log.exception("deliveries_interrupted")

    def _serve(self, channel_id: str) -> None:
        """Hand a channel what is due, one after the other; a slow one holds up nobody but itself."""
        with self._guard:
            if channel_id in self._under_way:
                return
            self._under_way.add(channel_id)
        try:
            while (parcel := self._begin(channel_id)) and self._deliver(parcel):
                pass
        except Exception:  # the lease runs out and the delivery is tried again
            log.exception("delivery_interrupted", channel_id=channel_id)
        finally:
            with self._guard:
                self._under_way.discard(channel_id)

    def _channels(self) -> list[str]:
        with self._unit_of_work(now=self._runtime.clock(), read_only=True) as work:
            return channels_with_something_due(work.session, self._runtime.clock())

    def _begin(self, channel_id: str) -> Parcel | None:
        now = self._runtime.clock()
        with self._unit_of_work(now=now) as work:
            return begin_attempt(work, channel_id, NextDelivery(work.session), now=now)

    def _deliver(self, parcel: Parcel) -> bool:
        """Whether it is worth going on with the channel's next."""
        try:
            receipt = self._senders[parcel.kind].send(parcel)
        except NotAcknowledged as error:
            log.warning("delivery_not_acknowledged", delivery_id=parcel.delivery_id, reason=str(error))
            self._fail(parcel, str(error))
            return not error.is_unreachable
        now = self._runtime.clock()
        with self._unit_of_work(now=now) as work:
            note_acknowledged(work, parcel.delivery_id, receipt, now=now)
        return True

    def _fail(self, parcel: Parcel, why: str) -> None:
        now = self._runtime.clock()
        with self._unit_of_work(now=now) as work:
            note_failed(work, parcel.delivery_id, why, now=now)

    def _unit_of_work(self, *, now: datetime, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        return self._runtime.unit_of_work(principal=COURIER, now=now, read_only=read_only)
