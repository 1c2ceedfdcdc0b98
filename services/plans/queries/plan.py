"""Lists of plans: made, received, to be reviewed; their receipts, history and figures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.plans.model.plan import AnnualPlan, PlanStep
from services.plans.model.plan_content import PlanSource, PlanType
from services.plans.model.plan_state import APPROVED, PlanState
from services.plans.model.receipt import Answer, Receipt
from services.plans.model.values import ContentLevel
from services.plans.queries.filters import either, holds, narrowed, ordering, part, same
from services.plans.tables import authorities, plan_steps, plans, receipts

ORDERS = {
    "create_time": plans.c.created_at,
    "year": plans.c.year,
    "name": plans.c.name,
    "number": plans.c.number,
}


@dataclass(frozen=True, kw_only=True)
class PlanFilter:
    """What a list of plans shows."""

    name: str = ""
    number: str = ""
    year: int = 0
    type: PlanType | None = None
    source: PlanSource | None = None
    states: tuple[PlanState, ...] = ()
    content_level: ContentLevel | None = None
    lead_domain: str = ""
    matter_id: str = ""

    def conditions(self) -> list[ColumnElement[bool] | None]:
        return [
            plans.c.deleted_at.is_(None),
            part(plans.c.name, self.name),
            part(plans.c.number, self.number),
            same(plans.c.year, self.year),
            same(plans.c.type, self.type),
            same(plans.c.source, self.source),
            plans.c.state.in_(self.states) if self.states else None,
            same(plans.c.content_level, self.content_level),
            same(plans.c.lead_domain, self.lead_domain),
            either(holds(plans.c.matter_ids, self.matter_id), holds(plans.c.partner_matter_ids, self.matter_id)),
        ]


@dataclass(frozen=True)
class PlanCounters:
    """The figures above the list, of one authority."""

    year: int
    total: int
    completed: int
    draft: int
    pending_review: int
    rejected: int
    pending_execution: int
    executing: int
    earlier_pending_execution: int
    earlier_executing: int


def list_made(
    session: Session, shown: PlanFilter, by: Principal, *, page_size: int, page_token: str, order_by: str
) -> Page[AnnualPlan]:
    """The plans made by the caller's authority that the caller may know of (制定的计划)."""
    column, descending = ordering(order_by, ORDERS, "create_time desc")
    return paginate(
        session,
        made(shown, by),
        order=[column, plans.c.plan_id],
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def made(shown: PlanFilter, by: Principal) -> Select[Any]:
    """The same, as a statement; `AnnualPlan.is_known_to` says it for a single plan."""
    is_party = or_(plans.c.state.in_(APPROVED), plans.c.reviewer_id == by.subject)
    known = None if "planner" in by.roles else is_party
    return narrowed(select(AnnualPlan), plans.c.authority_id == by.authority, known, *shown.conditions())


def list_for_review(
    session: Session,
    shown: PlanFilter,
    by: Principal,
    *,
    include_reviewed: bool,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[AnnualPlan]:
    """The plans submitted to the caller (年度计划审核)."""
    column, descending = ordering(order_by, {"submit_time": plans.c.submitted_at}, "submit_time")
    mine = narrowed(
        select(AnnualPlan),
        plans.c.reviewer_id == by.subject,
        plans.c.authority_id == by.authority,
        None if include_reviewed else plans.c.state == PlanState.PENDING_REVIEW,
        *shown.conditions(),
    )
    return paginate(
        session,
        mine,
        order=[column, plans.c.plan_id],
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def list_received(
    session: Session,
    shown: PlanFilter,
    answer: Answer | None,
    by: Principal,
    *,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[tuple[AnnualPlan, Receipt]]:
    """The plans sent to the caller's authority, with its answers (收到的计划)."""
    column, descending = ordering(order_by, {"send_time": receipts.c.sent_at}, "send_time desc")
    current = (receipts.c.plan_id == plans.c.plan_id) & (receipts.c.round == plans.c.round)
    sent = narrowed(
        select(Receipt).join(plans, current),
        receipts.c.authority_id == by.authority,
        plans.c.state.in_(APPROVED),
        same(receipts.c.answer, answer),
        *shown.conditions(),
    )
    page = paginate(
        session,
        sent,
        order=[column, receipts.c.receipt_id],
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )
    by_id = _plans_by_id(session, {receipt.plan_id for receipt in page.items})
    return Page([(by_id[receipt.plan_id], receipt) for receipt in page.items], page.next_page_token)


def list_receipts(
    session: Session, plan: AnnualPlan, answer: Answer | None, *, only: str, page_size: int, page_token: str
) -> Page[Receipt]:
    """To whom a plan was sent, as it is now approved.

    Args:
        only: this authority's line alone; empty: all.
    """
    if plan.state not in APPROVED:
        return Page([])
    shown = narrowed(
        select(Receipt),
        receipts.c.plan_id == plan.plan_id,
        receipts.c.round == plan.round,
        same(receipts.c.authority_id, only),
        same(receipts.c.answer, answer),
    )
    return paginate(session, shown, order=[receipts.c.authority_id], page_size=page_size, page_token=page_token)


def list_steps(session: Session, plan_id: str, *, page_size: int, page_token: str) -> Page[PlanStep]:
    """What happened to a plan, oldest first."""
    steps = select(PlanStep).where(plan_steps.c.plan_id == plan_id)
    return paginate(
        session, steps, order=[plan_steps.c.at, plan_steps.c.step_id], page_size=page_size, page_token=page_token
    )


def counters(session: Session, authority_id: str, year: int) -> PlanCounters:
    """The figures of one authority: this year's plans, and what is left over from earlier years."""
    is_earlier = (plans.c.year < year).label("is_earlier")
    rows = session.execute(
        select(is_earlier, plans.c.state, func.count())
        .where(plans.c.authority_id == authority_id, plans.c.year <= year, plans.c.deleted_at.is_(None))
        .group_by(is_earlier, plans.c.state)
    ).all()
    counted = {(bool(earlier), state): int(count) for earlier, state, count in rows}
    figures = {state.name.lower(): counted.get((False, state), 0) for state in PlanState}
    return PlanCounters(
        year=year,
        total=sum(figures.values()),
        earlier_pending_execution=counted.get((True, PlanState.PENDING_EXECUTION), 0),
        earlier_executing=counted.get((True, PlanState.EXECUTING), 0),
        **figures,
    )


def names_of(session: Session, authority_ids: Collection[str]) -> dict[str, str]:
    """Names of authorities, by code."""
    chosen = select(authorities.c.authority_id, authorities.c.name).where(authorities.c.authority_id.in_(authority_ids))
    return {id: name for id, name in session.execute(chosen)}  # noqa: C416 (a Row is no pair to a type checker)


def _plans_by_id(session: Session, ids: Collection[str]) -> dict[str, AnnualPlan]:
    found: Sequence[AnnualPlan] = session.scalars(select(AnnualPlan).where(plans.c.plan_id.in_(ids))).all()
    return {plan.plan_id: plan for plan in found}
