"""The life of an annual plan, request by request and fact by fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing, Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.events import PlanApproved, PlanReceived, PlanStateChanged
from services.plans.model import checks
from services.plans.model.authority import Authority
from services.plans.model.official import reviewer_violations
from services.plans.model.plan import AnnualPlan, PlanStep, plan_number
from services.plans.model.plan_content import PlanContent
from services.plans.model.plan_state import APPROVED, OVERSEERS
from services.plans.model.plan_task import PlanTask
from services.plans.model.receipt import Answer, Receipt
from services.plans.model.values import content_of
from services.plans.use_cases.authority import authorities_named, planning_authority
from services.plans.use_cases.official import registered
from services.plans.use_cases.plan_surroundings import Surroundings


def create_plan(work: Work, content: PlanContent, year: int, *, by: Principal, now: datetime) -> AnnualPlan:
    """Begin a plan of the caller's authority, with its next number of the year."""
    maker = planning_authority(work, by, today(now))
    checks.refuse([*checks.year("year", year), *_violations(work, content, year, maker, now)], within="plan")
    return enter_plan(work, content, year, maker, by=by, now=now)


def enter_plan(
    work: Work, content: PlanContent, year: int, maker: Authority, *, by: Principal, now: datetime
) -> AnnualPlan:
    """Keep a new plan whose content is checked, under the next number of its maker and year."""
    plan = new_plan(work, content, year, maker, by=by)
    number_plans(work, maker, [plan])
    work.add(plan)
    return record(work, plan, "CREATED", by=by, now=now)


def new_plan(work: Work, content: PlanContent, year: int, maker: Authority, *, by: Principal) -> AnnualPlan:
    """A plan that has no number yet."""
    return AnnualPlan(
        plan_id=work.new_id(),
        authority_id=maker.authority_id,
        year=year,
        number="",
        authors=(by.subject,),
        **vars(content),
        version=1,
    )


def number_plans(work: Work, maker: Authority, plans: Sequence[AnnualPlan]) -> None:
    """Give plans the next numbers of their year, in order.

    Numbers of one short name are one series: whoever takes the name over counts on, so no number is given twice.
    """
    by_year: dict[int, list[AnnualPlan]] = {}
    for plan in plans:
        by_year.setdefault(plan.year, []).append(plan)
    for year, of_year in by_year.items():
        counts = work.next_numbers(f"plan/{maker.short_name}/{year}", len(of_year))
        for plan, count in zip(of_year, counts, strict=True):
            plan.number = plan_number(maker.short_name, year, count)


def update_plan(
    work: Work,
    plan_id: str,
    changes: Mapping[str, Any],
    year: int | None = None,
    *,
    etag: str = "",
    by: Principal,
    now: datetime,
) -> AnnualPlan:
    """Rewrite a plan that is in its planners' hands."""
    plan = own_plan(work, plan_id, etag=etag, by=by)
    content = replace(content_of(plan, PlanContent), **changes)
    plan.edit(content, by=by.subject)
    maker = planning_authority(work, by, today(now))
    checks.refuse([*year_changed(plan, year), *_violations(work, content, plan.year, maker, now)], within="plan")
    return record(work, plan, "EDITED", by=by, now=now)


def delete_plan(work: Work, plan_id: str, *, etag: str = "", by: Principal, now: datetime) -> None:
    """Take a plan off the lists."""
    plan = own_plan(work, plan_id, etag=etag, by=by)
    plan.delete(by=by.subject, now=now)
    record(work, plan, "DELETED", by=by, now=now)


def submit_plan(
    work: Work, plan_id: str, reviewer_id: str, *, etag: str = "", by: Principal, now: datetime
) -> AnnualPlan:
    """Hand a complete plan to a reviewer whom the register of officials names."""
    plan = own_plan(work, plan_id, etag=etag, by=by)
    plan.submit(reviewer_id, by=by.subject, now=now)
    maker = planning_authority(work, by, today(now))
    of_plan = [*plan.gaps(), *_violations(work, plan, plan.year, maker, now)]
    official = registered(work, reviewer_id)
    of_reviewer = reviewer_violations(reviewer_id, official, plan.authority_id, today(now))
    checks.refuse([*of_reviewer, *checks.inside("plan", of_plan)])
    return record(work, plan, "SUBMITTED", by=by, now=now, note=reviewer_id)


def withdraw_plan(work: Work, plan_id: str, *, etag: str = "", by: Principal, now: datetime) -> AnnualPlan:
    """Take a plan back (撤回审核)."""
    plan = own_plan(work, plan_id, etag=etag, by=by)
    plan.withdraw(by=by.subject)
    return record(work, plan, "WITHDRAWN", by=by, now=now)


def approve_plan(
    work: Work, plan_id: str, note: str = "", *, etag: str = "", by: Principal, now: datetime
) -> AnnualPlan:
    """Release a plan and send it to the authorities in its scope."""
    checks.refuse(checks.short("note", note, 1000))
    plan = own_plan(work, plan_id, etag=etag, by=by)
    plan.approve(by=by.subject, now=now)
    planning_authority(work, by, today(now))
    recipients = _recipients(work, plan, now)
    for authority_id in recipients:
        work.add(
            Receipt(receipt_id=work.new_id(), plan_id=plan_id, round=plan.round, authority_id=authority_id, sent_at=now)
        )
    matter_ids = plan.matter_ids + plan.partner_matter_ids
    work.emit(PlanApproved.of(plan, scope=tuple(recipients), matter_ids=matter_ids, approved_at=now))
    return record(work, plan, "APPROVED", by=by, now=now, note=note)


def reject_plan(work: Work, plan_id: str, reason: str, *, etag: str = "", by: Principal, now: datetime) -> AnnualPlan:
    """Send a plan back to its planners."""
    checks.refuse(checks.short("reason", reason, 1000))
    plan = own_plan(work, plan_id, etag=etag, by=by)
    plan.reject(reason, by=by.subject, now=now)
    return record(work, plan, "REJECTED", by=by, now=now, note=reason)


def answer_plan(
    work: Work, plan_id: str, answer: Answer | None, reason: str, *, etag: str = "", by: Principal, now: datetime
) -> Receipt:
    """Say for the caller's authority whether it carries out a plan that was sent to it (确认接收)."""
    checks.refuse(checks.short("reason", reason, 1000))
    plan = known_plan(work, plan_id, etag=etag, by=by, lock=True)
    receipt = receipt_of(work, plan, by.authority)
    if receipt is None:
        raise NoSuchThing(AnnualPlan.__name__, plan_id)
    plan.require_answerable()
    if answer is Answer.RECEIVED:
        planning_authority(work, by, today(now))
    receipt.reply(answer, reason, by=by.subject, now=now)
    work.emit(PlanReceived.of(receipt))
    return receipt


def learn_of_task(work: Work, plan_id: str, news: PlanTask, *, now: datetime) -> None:
    """Take in what a task announced; a temporary task belongs to no plan."""
    if not plan_id:
        return
    plan = work.get(AnnualPlan, plan_id, lock=True)
    before = plan.state
    if plan.learn(news) and plan.state is not before:
        record(work, plan, "TASKS_CHANGED", by=Principal(subject=""), now=now, note=news.number or news.task_id)


def known_plan(work: Work, plan_id: str, *, etag: str = "", by: Principal, lock: bool = False) -> AnnualPlan:
    """A plan that the caller may know of.

    Raises:
        NoSuchThing: there is none, or the caller may not know of it.
        StaleEtag: it has changed since the caller saw it.
    """
    plan = work.get(AnnualPlan, plan_id, lock=lock)
    is_known = plan.is_known_to(by.subject, by.authority, by.roles) or receipt_of(work, plan, by.authority)
    if plan.deleted_at or not is_known:
        raise NoSuchThing(AnnualPlan.__name__, plan_id)
    return work.get(AnnualPlan, plan_id, etag=etag)


def own_plan(work: Work, plan_id: str, *, etag: str = "", by: Principal) -> AnnualPlan:
    """A plan of the caller's authority, held for a change.

    Raises:
        NoSuchThing: there is none, or the caller may not know of it.
        NotYours: another authority made it.
        StaleEtag: it has changed since the caller saw it.
    """
    plan = known_plan(work, plan_id, etag=etag, by=by, lock=True)
    by.require(authority=plan.authority_id)
    return plan


def plan_to_be_reviewed(work: Work, plan_id: str, *, by: Principal) -> AnnualPlan:
    """A plan of the caller's authority, for which a reviewer is looked for.

    Raises:
        NoSuchThing: there is none, or the caller may not know of it.
        NotYours: another authority made it.
    """
    plan = known_plan(work, plan_id, by=by)
    by.require(authority=plan.authority_id)
    return plan


def overseen_plan(work: Work, plan_id: str, *, by: Principal) -> AnnualPlan:
    """A plan whose inner life the caller may see: one of the own authority, or any for those who oversee.

    Raises:
        NoSuchThing: there is none, or the caller may not know of it.
        NotYours: the caller was only sent it.
    """
    plan = known_plan(work, plan_id, by=by)
    if OVERSEERS.isdisjoint(by.roles):
        by.require(authority=plan.authority_id)
    return plan


def receipts_shown_to(plan: AnnualPlan, by: Principal) -> str:
    """Whose receipt alone a caller sees; empty: all."""
    sees_all = by.authority == plan.authority_id or not OVERSEERS.isdisjoint(by.roles)
    return "" if sees_all else by.authority


def possible_actions(work: Work, plan: AnnualPlan, by: Principal) -> tuple[str, ...]:
    """What the caller may do with a plan as it stands."""
    receipt = receipt_of(work, plan, by.authority) if by.authority != plan.authority_id else None
    return plan.possible_for(by.subject, by.authority, by.roles, receipt.answer if receipt else None)


def receipt_of(work: Work, plan: AnnualPlan, authority_id: str) -> Receipt | None:
    """What an authority was sent of a plan as it is now approved."""
    if plan.state not in APPROVED or not authority_id:
        return None
    return work.find(Receipt, plan_id=plan.plan_id, round=plan.round, authority_id=authority_id)


def _violations(work: Work, content: PlanContent, year: int, maker: Authority, now: datetime) -> Iterator[Violation]:
    yield from Surroundings.of(work, maker, [content], today(now)).violations(content, year)


def year_changed(plan: AnnualPlan, year: int | None) -> Iterator[Violation]:
    """A plan keeps the year that its number carries."""
    if year is not None and year != plan.year:
        zh = f"计划年度（{plan.year}）已编入计划编号，不能修改，请删除后新建"
        yield Violation(
            "year", "FIXED", zh, f"the number carries the year {plan.year}: delete the plan and make another"
        )


def _recipients(work: Work, plan: AnnualPlan, now: datetime) -> list[str]:
    named = authorities_named(work, set(plan.scope.authority_ids))
    for authority in named.values():
        authority.require_listed(today(now))
    everybody = {each.authority_id: each for each in work.all(Authority)} if plan.scope.regions else named
    return plan.recipients(everybody, today(now), maker=plan.authority_id)


def record(work: Work, plan: AnnualPlan, action: str, *, by: Principal, now: datetime, note: str = "") -> AnnualPlan:
    """Put a step in the life of a plan on record, and announce where it has led."""
    record_all(work, [(plan, action)], by=by, now=now, note=note)
    return plan


def record_all(
    work: Work, steps: Iterable[tuple[AnnualPlan, str]], *, by: Principal, now: datetime, note: str = ""
) -> None:
    """Put steps in the lives of plans on record, and announce where they have led."""
    for plan, action in steps:
        work.add(
            PlanStep(
                step_id=work.new_id(),
                plan_id=plan.plan_id,
                at=now,
                by=by.subject,
                by_name=by.name,
                action=action,
                state=plan.state,
                note=note,
            )
        )
        if action != "EDITED":
            work.emit(PlanStateChanged.of(plan, state="DELETED" if plan.deleted_at else plan.state))
