"""One message to one channel about one result: tried until it is acknowledged, or a later one takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.chassis.errors import FailedPrecondition
from services.chassis.workdays import Workdays

DUE_WORKDAYS = 3  # TJ 13: 自批准修复之日起三个工作日内
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
LEASE = timedelta(minutes=2)
"""How long a delivery under way is left alone; longer than any attempt may take."""


class DeliveryAction(StrEnum):
    """What the receiver is asked to do."""

    SHARE = "SHARE"
    WITHDRAW = "WITHDRAW"


class DeliveryState(StrEnum):
    """State of a delivery."""

    PENDING = "PENDING"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    SUPERSEDED = "SUPERSEDED"


class NotPending(FailedPrecondition):
    """There is nothing left to try."""

    def __init__(self, state: DeliveryState) -> None:
        super().__init__(
            f"该推送的状态为 {state}，只有 PENDING 状态可以重试",
            f"this delivery is {state}; only a PENDING one can be tried again",
            state=state,
            possible=DeliveryState.PENDING,
        )


@dataclass(eq=False, kw_only=True)
class Delivery:
    """A message to a channel.

    Args:
        authority_id: whose result it is about.
        payload: what is sent, as JSON text: equal in every attempt.
        leased_until: an attempt is under way until then at the latest.
        overdue_raised: the missed day was announced.
    """

    delivery_id: str
    channel_id: str
    channel_name: str
    disclosure_id: str
    authority_id: str
    action: DeliveryAction
    revision: int
    payload: str
    state: DeliveryState = DeliveryState.PENDING
    queued_at: datetime
    attempts: int = 0
    last_attempt_at: datetime | None = None
    next_attempt_at: datetime | None
    leased_until: datetime | None = None
    last_error: str = ""
    acknowledged_at: datetime | None = None
    receipt: str = ""
    queued_on: date
    due_on: date
    due_provisional: bool
    overdue_raised: bool = False

    @property
    def may_have_arrived(self) -> bool:
        """Whether the receiver may know of it: it has acknowledged it, or an attempt ended nobody knows how."""
        return self.attempts > 0

    def begin(self, now: datetime) -> None:
        """An attempt starts; should nobody tell how it ends, it is repeated after the lease."""
        self.attempts += 1
        self.last_attempt_at, self.leased_until = now, now + LEASE
        self.next_attempt_at = now + LEASE

    def acknowledge(self, receipt: str, now: datetime) -> None:
        """The receiver has it. A superseded one stays so, its acknowledgement is kept."""
        self.leased_until, self.last_error = None, ""
        self.acknowledged_at, self.receipt = now, receipt
        if self.state is DeliveryState.PENDING:
            self.state, self.next_attempt_at = DeliveryState.ACKNOWLEDGED, None

    def fail(self, error: str, now: datetime) -> None:
        """The attempt came to nothing; the next one waits longer."""
        self.leased_until, self.last_error = None, error
        if self.state is DeliveryState.PENDING:
            self.next_attempt_at = now + pause(self.attempts)

    def supersede(self) -> None:
        """A later message about the same result takes its place."""
        self.state, self.next_attempt_at = DeliveryState.SUPERSEDED, None

    def retry(self, now: datetime) -> None:
        """Try at once instead of at its time."""
        if self.state is not DeliveryState.PENDING:
            raise NotPending(self.state)
        self.next_attempt_at = max(now, self.leased_until or now)

    def reckon(self, workdays: Workdays) -> None:
        """Compute the day it is due."""
        deadline = workdays.add_workdays(self.queued_on, DUE_WORKDAYS)
        self.due_on, self.due_provisional = deadline.day, deadline.provisional

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed without an acknowledgement."""
        return self.state is DeliveryState.PENDING and self.due_on < today


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 15 s, 30 s, 1 min … at most an hour."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)
