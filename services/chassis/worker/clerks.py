"""Who works at the desks: one handles facts, one keeps what the broker gave up on, one sends out history."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis import dead_letters, inbox, outbox, telemetry
from services.chassis.bus import Bus, Envelope, Unreadable
from services.chassis.bus.cloudevents import body_of, end_of_history
from services.chassis.dead_letters import DeadLetter
from services.chassis.worker import Subscription, Subscriptions, deliver

if TYPE_CHECKING:
    from services.chassis.runtime import Runtime

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class FactClerk:
    """Handles the facts of one subscription."""

    kind: type[Subscriptions]
    runtime: Runtime
    subscription: Subscription

    def handle(self, messages: Sequence[Any], attempts: int) -> None:
        began = time.perf_counter()
        envelopes = [Envelope.parse(message.body) for message in messages]
        new = deliver(self.kind, self.runtime, self.subscription, *envelopes, attempts=attempts)
        ms = round((time.perf_counter() - began) * 1e3, 1)
        log.info("handled", subscription=self.subscription.name, facts=len(envelopes), new=new, ms=ms)

    def give_up(self, message: Any, error: Exception, attempts: int) -> None:
        bury(self.runtime, self.subscription.name, text_of(message), error, attempts)


@dataclass(frozen=True)
class NetClerk:
    """Keeps what the broker gave up on, because worker after worker died with it in hand."""

    runtime: Runtime
    prefix: str

    def handle(self, messages: Sequence[Any], attempts: int) -> None:  # noqa: ARG002
        for message in messages:
            deaths = (message.headers or {}).get("x-death") or [{}]
            subscription = str(deaths[0].get("queue", "unknown")).removeprefix(self.prefix)
            deliveries = int(deaths[0].get("count", 1))
            bury(self.runtime, subscription, text_of(message), BrokerGaveUp(), deliveries)

    def give_up(self, message: Any, error: Exception, attempts: int) -> None:  # noqa: ARG002
        raise error


@dataclass(frozen=True)
class HistoryClerk:
    """Sends a new subscription what the service announced before it was there."""

    runtime: Runtime
    bus: Bus

    def handle(self, messages: Sequence[Any], attempts: int) -> None:  # noqa: ARG002
        for message in messages:
            request = json.loads(message.body)
            self._tell(str(request["type"]), str(request["queue"]))

    def give_up(self, message: Any, error: Exception, attempts: int) -> None:
        log.error("history_not_sent", request=text_of(message), reason=str(error), attempts=attempts)

    def _tell(self, type: str, queue: str) -> None:
        service, after, facts = self.runtime.service, 0, 0
        while page := self._page(type, after):
            self.bus.send(queue, [(fact.id, body_of(fact)) for fact in page])
            after, facts = page[-1].sequence, facts + len(page)
        end = end_of_history(service.name, self.runtime.clock())
        self.bus.send(queue, [(end.id, end.to_json())])
        log.info("history_sent", service=service.name, type=type, queue=queue, facts=facts)

    def _page(self, type: str, after: int) -> list[outbox.Fact]:
        table = self.runtime.service.metadata.tables["outbox"]
        with self.runtime.database.transaction(read_only=True) as session:
            return outbox.history(session, table, type, after=after)


class BrokerGaveUp(Exception):
    """Workers died with a fact in hand, again and again."""

    def __init__(self) -> None:
        super().__init__("workers died with it in hand until the broker's delivery limit was reached")


def text_of(message: Any) -> str:
    """What came in, as text, whatever it is."""
    body = message.body
    return bytes(body).decode(errors="replace") if isinstance(body, (bytes, bytearray, memoryview)) else str(body)


def bury(
    runtime: Runtime, subscription: str, body: str, error: Exception, attempts: int, *, replay: bool = False
) -> None:
    """Keep a fact as a dead letter of the service.

    A fact that is given up counts as met, so that a repeat of it does not dig it out again; only a replay does.
    """
    now, tables = runtime.clock(), runtime.service.metadata.tables
    letter = _letter(subscription, body, error, attempts, now)
    with runtime.database.transaction() as session:
        if replay:
            is_kept = dead_letters.bury_again(session, tables["dead_letters"], letter)
        else:
            is_kept = inbox.first_time(session, tables["inbox"], letter.event_id or letter.id, subscription, now)
            if is_kept:
                dead_letters.bury(session, tables["dead_letters"], letter)
    if is_kept:
        telemetry.DEAD.labels(subscription).inc()
        log.error("dead", subscription=subscription, event_id=letter.event_id, letter=letter.id, reason=letter.reason)


def _letter(subscription: str, body: str, error: Exception, attempts: int, now: datetime) -> DeadLetter:
    try:
        event_id = _storable(Envelope.parse(body).id)
    except Unreadable:
        event_id = ""
    return DeadLetter(
        id=dead_letters.letter_id(subscription, event_id or body),
        event_id=event_id,
        subscription=subscription,
        envelope=_storable(body),
        reason=_storable(f"{type(error).__name__}: {error}"),
        traceback=_storable("".join(traceback.format_exception(error))),
        attempts=attempts,
        died_at=now,
    )


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL."""
    return text.replace("\0", "\ufffd")
