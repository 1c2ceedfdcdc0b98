"""Lists of plans: made, to be reviewed; their history and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.plans.model.plan import AnnualPlan, PlanStep
from services.plans.model.plan_content import PlanSource, PlanType
from services.plans.model.plan_state import APPROVED, PlanState
from services.plans.model.receipt import Answer
from services.plans.model.values import ContentLevel
from services.plans.queries.filters import either, holds, narrowed, ordering, part, same, total
from services.plans.queries.receipt import is_answered, received
from services.plans.tables import plan_steps, plans

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
    answer: Answer | None = None

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
    made: int
    received: int
    received_pending: int
    for_review: int


def list_made(
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[AnnualPlan]:
    """A page of the plans made by the caller's authority that the caller may know of (制定的计划)."""
    column, descending = ordering(order_by, ORDERS, "create_time desc")
    return paginate(
        session,
        shown,
        order=[column, plans.c.plan_id],
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def made(shown: PlanFilter, by: Principal) -> Select[Any]:
    """The same, as a statement; `AnnualPlan.is_known_to` says it for a single plan."""
    is_party = or_(plans.c.state.in_(APPROVED), plans.c.reviewer_id == by.subject)
    known = None if "planner" in by.roles else is_party
    answered = is_answered(shown.answer)
    return narrowed(select(AnnualPlan), plans.c.authority_id == by.authority, known, answered, *shown.conditions())


def list_for_review(
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[AnnualPlan]:
    """A page of the plans submitted to the caller (年度计划审核)."""
    column, descending = ordering(order_by, {"submit_time": plans.c.submitted_at}, "submit_time")
    return paginate(
        session,
        shown,
        order=[column, plans.c.plan_id],
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def for_review(shown: PlanFilter, by: Principal, *, include_reviewed: bool) -> Select[Any]:
    """The same, as a statement: what waits for the caller, or all that was submitted to the caller (全部)."""
    return narrowed(
        select(AnnualPlan),
        plans.c.reviewer_id == by.subject,
        plans.c.authority_id == by.authority,
        None if include_reviewed else plans.c.state == PlanState.PENDING_REVIEW,
        is_answered(shown.answer),
        *shown.conditions(),
    )


def steps_of(plan_id: str) -> Select[Any]:
    """What happened to a plan."""
    return select(PlanStep).where(plan_steps.c.plan_id == plan_id)


def list_steps(session: Session, plan_id: str, *, page_size: int, page_token: str) -> Page[PlanStep]:
    """The same page by page, oldest first."""
    order = [plan_steps.c.at, plan_steps.c.step_id]
    return paginate(session, steps_of(plan_id), order=order, page_size=page_size, page_token=page_token)


def counters(session: Session, by: Principal, year: int) -> PlanCounters:
    """The figures of the caller's authority: this year's plans, what is left over, and how long the lists are."""
    is_earlier = (plans.c.year < year).label("is_earlier")
    rows = session.execute(
        select(is_earlier, plans.c.state, func.count())
        .where(plans.c.authority_id == by.authority, plans.c.year <= year, plans.c.deleted_at.is_(None))
        .group_by(is_earlier, plans.c.state)
    ).all()
    counted = {(bool(earlier), state): int(count) for earlier, state, count in rows}
    figures = {state.name.lower(): counted.get((False, state), 0) for state in PlanState}
    everything = PlanFilter()
    return PlanCounters(
        year=year,
        total=sum(figures.values()),
        earlier_pending_execution=counted.get((True, PlanState.PENDING_EXECUTION), 0),
        earlier_executing=counted.get((True, PlanState.EXECUTING), 0),
        made=total(session, made(everything, by)),
        received=total(session, received(everything.conditions(), None, by)),
        received_pending=total(session, received(everything.conditions(), Answer.PENDING, by)),
        for_review=total(session, for_review(everything, by, include_reviewed=False)),
        **figures,
    )
