"""Channels and deliveries: lists, and what is to be tried next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.credit.model.channel import Channel, ChannelState
from services.credit.model.delivery import Delivery, DeliveryAction, DeliveryState
from services.credit.queries.filters import is_descending, narrowed, same
from services.credit.tables import channels, deliveries

OVERSEERS = frozenset({"supervisor", "administrator"})
RAISED_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """What a list of deliveries shows."""

    channel_id: str = ""
    disclosure_id: str = ""
    action: DeliveryAction | None = None
    state: DeliveryState | None = None
    overdue: bool = False


@dataclass(frozen=True, kw_only=True)
class ChannelFilter:
    """What a list of channels shows."""

    state: ChannelState | None = None


def list_channels(
    session: Session, chosen: ChannelFilter, *, page_size: int, page_token: str, order_by: str
) -> Page[Channel]:
    """Channels by the time they were added."""
    statement = narrowed(select(Channel), same(channels.c.state, chosen.state))
    order = [channels.c.created_at, channels.c.channel_id]
    descending = is_descending(order_by, "create_time", default=False)
    return paginate(session, statement, order=order, page_size=page_size, page_token=page_token, descending=descending)


def shown_deliveries(chosen: DeliveryFilter, by: Principal, today: date) -> Select[Any]:
    """The deliveries a filter shows to a caller."""
    table = deliveries.c
    return narrowed(
        select(Delivery),
        None if by.roles & OVERSEERS else table.authority_id == by.authority,
        same(table.channel_id, chosen.channel_id),
        same(table.disclosure_id, chosen.disclosure_id),
        same(table.action, chosen.action),
        same(table.state, chosen.state),
        and_(table.state == DeliveryState.PENDING, table.due_on < today) if chosen.overdue else None,
    )


def list_deliveries(
    session: Session,
    chosen: DeliveryFilter,
    by: Principal,
    today: date,
    *,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[Delivery]:
    """Deliveries the caller may see, by the time they were queued."""
    return paginate(
        session,
        shown_deliveries(chosen, by, today),
        order=[deliveries.c.queued_at, deliveries.c.delivery_id],
        page_size=page_size,
        page_token=page_token,
        descending=is_descending(order_by, "create_time", default=True),
    )


def channels_with_something_due(session: Session, now: datetime) -> list[str]:
    """Channels that have a delivery whose time has come."""
    table = deliveries.c
    due = table.state == DeliveryState.PENDING, table.next_attempt_at <= now
    return list(session.scalars(select(table.channel_id).where(*due).distinct()))


@dataclass(frozen=True)
class NextDelivery:
    """Finds what a channel is to get next, and locks it.

    While an attempt about the same result is under way there, its successor waits: a withdrawal must not overtake what
    it withdraws.
    """

    session: Session

    def __call__(self, channel_id: str, now: datetime) -> Delivery | None:
        table, other = deliveries.c, deliveries.alias().c
        same_result = other.channel_id == table.channel_id, other.disclosure_id == table.disclosure_id
        under_way = exists().where(*same_result, other.leased_until > now)
        statement = select(Delivery).where(
            table.channel_id == channel_id,
            table.state == DeliveryState.PENDING,
            table.next_attempt_at <= now,
            ~under_way,
        )
        first = statement.order_by(table.next_attempt_at, table.delivery_id).limit(1)
        return self.session.scalars(first.with_for_update(skip_locked=True)).one_or_none()


@dataclass(frozen=True)
class Overdue:
    """Looks for deliveries whose day lies before a day, and of which nobody was told yet."""

    session: Session

    def __call__(self, day: date) -> Sequence[Delivery]:
        table = deliveries.c
        missed = table.state == DeliveryState.PENDING, table.due_on < day, table.overdue_raised.is_(False)
        return list(self.session.scalars(select(Delivery).where(*missed).limit(RAISED_AT_ONCE)))
