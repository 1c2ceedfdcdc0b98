"""Sharing results with every channel, and withdrawing them from each that may have got them.

What is to be sent is queued in the transaction that decides it. An attempt takes two short transactions, one before and
one after the network, so that none is ever held open over it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.work import Work
from services.chassis.workdays import Workdays
from services.credit.events import DeliveryOverdue
from services.credit.model.channel import Channel, ChannelKind
from services.credit.model.delivery import DUE_WORKDAYS, Delivery, DeliveryAction, DeliveryState
from services.credit.model.disclosure import Disclosure

NextDelivery = Callable[[str, datetime], Delivery | None]
"""The delivery of a channel that is to be tried next, locked, if one's time has come."""
OverdueDeliveries = Callable[[date], Sequence[Delivery]]
"""Deliveries whose day lies before a day, and of which nobody was told yet."""


@dataclass(frozen=True)
class Parcel:
    """An attempt: everything that is needed on the network, and nothing of the database."""

    delivery_id: str
    disclosure_id: str
    action: DeliveryAction
    revision: int
    payload: str
    kind: ChannelKind
    target: str
    channel_id: str
    secret: str
    sealed_secret: bytes | None
    attempted_at: datetime


def share_result(work: Work, disclosure: Disclosure, *, now: datetime, workdays: Workdays) -> None:
    """Queue a result for every channel that shows such; one that shows the former version and no such is told to stop.

    What is about a natural person stays here: the systems outside show enterprises.
    """
    if not disclosure.is_disclosed or disclosure.personal:
        return
    for channel in work.all(Channel, order_by=["channel_id"]):
        if channel.wants(adverse=disclosure.adverse):
            _queue(work, channel, disclosure, DeliveryAction.SHARE, now, workdays)
        else:
            _withdraw(work, channel, disclosure, now, workdays)


def withdraw_result(work: Work, disclosure: Disclosure, *, now: datetime, workdays: Workdays) -> None:
    """Queue a withdrawal for every channel that may have got the result (TJ 13)."""
    for channel in work.all(Channel, order_by=["channel_id"]):
        _withdraw(work, channel, disclosure, now, workdays)


def begin_attempt(work: Work, channel_id: str, next_delivery: NextDelivery, *, now: datetime) -> Parcel | None:
    """Take what a channel is to get next; None when nothing's time has come."""
    delivery = next_delivery(channel_id, now)
    if delivery is None:
        return None
    channel = work.get(Channel, channel_id)
    delivery.begin(now)
    return Parcel(
        delivery_id=delivery.delivery_id,
        disclosure_id=delivery.disclosure_id,
        action=delivery.action,
        revision=delivery.revision,
        payload=delivery.payload,
        kind=channel.kind,
        target=channel.target,
        channel_id=channel_id,
        secret=channel.secret,
        sealed_secret=channel.sealed_secret,
        attempted_at=now,
    )


def note_acknowledged(work: Work, delivery_id: str, receipt: str, *, now: datetime) -> None:
    """The receiver has it."""
    work.get(Delivery, delivery_id, lock=True).acknowledge(receipt, now)


def note_failed(work: Work, delivery_id: str, error: str, *, now: datetime) -> None:
    """The attempt came to nothing."""
    work.get(Delivery, delivery_id, lock=True).fail(error, now)


def retry_delivery(work: Work, delivery_id: str, *, now: datetime) -> Delivery:
    """Try at once instead of at its time."""
    delivery = work.get(Delivery, delivery_id, lock=True)
    delivery.retry(now)
    return delivery


def raise_overdue(work: Work, overdue: OverdueDeliveries, *, now: datetime) -> int:
    """Announce deliveries that have missed their day, each once; how many."""
    found = overdue(today(now))
    for delivery in found:
        delivery.overdue_raised = True
        work.emit(_overdue(delivery, work.get(Disclosure, delivery.disclosure_id)))
    return len(found)


def reckon_provisional(work: Work, workdays: Workdays) -> None:
    """Compute again the days that hung on a notice not published yet."""
    for delivery in work.all(Delivery, state=DeliveryState.PENDING, due_provisional=True):
        delivery.reckon(workdays)


def _overdue(delivery: Delivery, disclosure: Disclosure) -> DeliveryOverdue:
    return DeliveryOverdue(
        delivery_id=delivery.delivery_id,
        channel_id=delivery.channel_id,
        disclosure_id=delivery.disclosure_id,
        action=delivery.action,
        due_on=delivery.due_on,
        authority_id=delivery.authority_id,
        channel_name=delivery.channel_name,
        inspection_id=disclosure.subject_id,
        object_id=disclosure.object_id,
        object_name=disclosure.object_name,
    )


def _withdraw(work: Work, channel: Channel, disclosure: Disclosure, now: datetime, workdays: Workdays) -> None:
    earlier = _earlier(work, channel, disclosure)
    if _may_be_shown(earlier):
        _queue(work, channel, disclosure, DeliveryAction.WITHDRAW, now, workdays)
    else:
        _supersede(earlier)


def _queue(
    work: Work, channel: Channel, disclosure: Disclosure, action: DeliveryAction, now: datetime, workdays: Workdays
) -> None:
    _supersede(_earlier(work, channel, disclosure))
    delivery_id, day = work.new_id(), today(now)
    deadline = workdays.add_workdays(day, DUE_WORKDAYS)
    work.add(
        Delivery(
            delivery_id=delivery_id,
            channel_id=channel.channel_id,
            channel_name=channel.name,
            disclosure_id=disclosure.disclosure_id,
            authority_id=disclosure.authority_id,
            action=action,
            revision=disclosure.revision,
            payload=_payload(delivery_id, disclosure, action),
            queued_at=now,
            queued_on=day,
            next_attempt_at=now,
            due_on=deadline.day,
            due_provisional=deadline.provisional,
        )
    )


def _earlier(work: Work, channel: Channel, disclosure: Disclosure) -> list[Delivery]:
    return work.all(
        Delivery,
        order_by=["queued_at", "delivery_id"],
        channel_id=channel.channel_id,
        disclosure_id=disclosure.disclosure_id,
    )


def _may_be_shown(earlier: Sequence[Delivery]) -> bool:
    """Whether the receiver may show the result: it may have got it, and has not acknowledged a later withdrawal."""
    shown = False
    for delivery in earlier:
        if delivery.action is DeliveryAction.SHARE:
            shown = shown or delivery.may_have_arrived
        elif delivery.acknowledged_at:
            shown = False
    return shown


def _supersede(earlier: Sequence[Delivery]) -> None:
    for delivery in earlier:
        if delivery.state is DeliveryState.PENDING:
            delivery.supersede()


def _payload(delivery_id: str, disclosure: Disclosure, action: DeliveryAction) -> str:
    """What is sent; a withdrawal carries nothing that could still be shown."""
    content: dict[str, object] = {
        "delivery_id": delivery_id,
        "action": action.value,
        "disclosure_id": disclosure.disclosure_id,
        "revision": disclosure.revision,
    }
    if action is DeliveryAction.SHARE:
        content["result"] = {
            "inspection_id": disclosure.subject_id,
            "authority_id": disclosure.authority_id,
            "object_id": disclosure.object_id,
            "object_name": disclosure.object_name,
            "number": disclosure.number,
            "title": disclosure.title,
            "domain": disclosure.domain,
            "inspected_on": disclosure.happened_on.isoformat() if disclosure.happened_on else "",
            "adverse": disclosure.adverse,
            "facts": dict(disclosure.facts),
        }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
