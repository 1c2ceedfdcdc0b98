"""Takes up the dead letters that somebody asked to replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.chassis import dead_letters, telemetry
from services.chassis.bus import Envelope
from services.chassis.dead_letters import DeadLetter, LetterState
from services.chassis.worker import Subscription, Subscriptions, deliver, subscriptions_of
from services.chassis.worker.clerks import bury
from services.chassis.worker.patience import Failure, failure_of

if TYPE_CHECKING:
    from services.chassis.runtime import Runtime

log = telemetry.logger(__name__)


class NoSuchSubscription(LookupError):
    """The service no longer hears such facts."""


@dataclass(frozen=True)
class Replays:
    """The dead letters of one service that are to be handled again."""

    kind: type[Subscriptions]
    runtime: Runtime

    def take_up(self) -> int:
        """Handle every marked letter once; how many there were. What fails again is DEAD again."""
        table = self.runtime.service.metadata.tables["dead_letters"]
        with self.runtime.database.transaction(read_only=True) as session:
            letters = dead_letters.list_letters(session, table, state=LetterState.REPLAYING)
        for letter in letters:
            self._replay(letter)
        return len(letters)

    def _replay(self, letter: DeadLetter) -> None:
        try:
            subscription, envelope = self._subscription(letter), Envelope.parse(letter.envelope)
            deliver(self.kind, self.runtime, subscription, envelope, attempts=letter.attempts + 1, letter=letter.id)
        except Exception as error:
            if failure_of(error) is Failure.DATABASE_AWAY:
                raise
            bury(self.runtime, letter.subscription, letter.envelope, error, letter.attempts + 1, replay=True)
        else:
            log.info("replayed", letter=letter.id, subscription=letter.subscription, event_id=letter.event_id)

    def _subscription(self, letter: DeadLetter) -> Subscription:
        for subscription in subscriptions_of(self.kind):
            if subscription.name == letter.subscription:
                return subscription
        raise NoSuchSubscription(f"{self.kind.name} does not hear {letter.subscription}")
