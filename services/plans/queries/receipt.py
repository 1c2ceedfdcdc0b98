"""What plans were sent to whom, and what was answered: receipts, received plans, and the answers to a plan together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.plans.model.plan import AnnualPlan
from services.plans.model.plan_state import APPROVED
from services.plans.model.receipt import Answer, Receipt
from services.plans.queries.filters import narrowed, ordering, same
from services.plans.tables import plans, receipts

_CURRENT = and_(receipts.c.plan_id == plans.c.plan_id, receipts.c.round == plans.c.round, plans.c.state.in_(APPROVED))


@dataclass(frozen=True)
class Reception:
    """What those have answered whom a plan was sent to, as it is now approved (接收状态)."""

    pending: int = 0
    received: int = 0
    unable: int = 0

    @property
    def sent(self) -> int:
        """To how many it was sent."""
        return self.pending + self.received + self.unable


def receptions(session: Session, plan_ids: Collection[str]) -> dict[str, Reception]:
    """The answers to each of these plans; those that were sent to nobody are absent."""
    counted = session.execute(
        select(receipts.c.plan_id, receipts.c.answer, func.count())
        .join(plans, _CURRENT)
        .where(receipts.c.plan_id.in_(plan_ids))
        .group_by(receipts.c.plan_id, receipts.c.answer)
    ).all()
    found: dict[str, dict[str, int]] = {}
    for plan_id, answer, count in counted:
        found.setdefault(plan_id, {})[answer.name.lower()] = int(count)
    return {plan_id: Reception(**figures) for plan_id, figures in found.items()}


def is_answered(answer: Answer | None) -> ColumnElement[bool] | None:
    """A plan to which at least one authority gave this answer, if one is asked for."""
    if answer is None:
        return None
    return exists().where(_CURRENT, receipts.c.answer == answer).correlate(plans)


def received(conditions: Sequence[ColumnElement[bool] | None], answer: Answer | None, by: Principal) -> Select[Any]:
    """The receipts of the caller's authority for plans under these conditions (收到的计划)."""
    sent = select(Receipt).join(plans, _CURRENT)
    return narrowed(sent, receipts.c.authority_id == by.authority, same(receipts.c.answer, answer), *conditions)


def list_received(
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[tuple[AnnualPlan, Receipt]]:
    """A page of received plans with their receipts."""
    column, descending = ordering(order_by, {"send_time": receipts.c.sent_at}, "send_time desc")
    page = paginate(
        session,
        shown,
        order=[column, receipts.c.receipt_id],
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )
    return Page(with_plans(session, page.items), page.next_page_token)


def with_plans(session: Session, answers: Sequence[Receipt]) -> list[tuple[AnnualPlan, Receipt]]:
    """Receipts together with their plans."""
    ids = {receipt.plan_id for receipt in answers}
    found: Sequence[AnnualPlan] = session.scalars(select(AnnualPlan).where(plans.c.plan_id.in_(ids))).all()
    by_id = {plan.plan_id: plan for plan in found}
    return [(by_id[receipt.plan_id], receipt) for receipt in answers]


def receipts_of(plan: AnnualPlan, answer: Answer | None, *, only: str) -> Select[Any]:
    """To whom a plan was sent, as it is now approved.

    Args:
        only: this authority's line alone; empty: all.
    """
    return narrowed(
        select(Receipt),
        receipts.c.plan_id == plan.plan_id,
        receipts.c.round == plan.round,
        None if plan.state in APPROVED else false(),
        same(receipts.c.authority_id, only),
        same(receipts.c.answer, answer),
    )


def list_receipts(session: Session, shown: Select[Any], *, page_size: int, page_token: str) -> Page[Receipt]:
    """A page of the receipts of a plan."""
    return paginate(session, shown, order=[receipts.c.authority_id], page_size=page_size, page_token=page_token)
