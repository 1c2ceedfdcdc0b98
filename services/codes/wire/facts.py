"""Facts of the other services → what this service keeps of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from liangma.credit.v1 import events_pb2 as credit
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.convert import from_proto
from services.codes.model.code import CodeKind, CodePart
from services.codes.model.directory import CheckItem, IndustryRating
from services.codes.model.issue import Dispatch, PlannedVisit
from services.codes.model.warning import AbandonedDraw, Alert, WarningKind

Row = Mapping[str, object]


def dispatch(fact: tasks.InspectionsDispatched) -> Dispatch:
    """What goes out."""
    return Dispatch(
        task_id=fact.task_id,
        task_number=fact.task_number,
        task_name=fact.task_name,
        task_kind=fact.kind,
        test=fact.nature == "TEST",
        method=fact.method,
        kind=CodeKind(fact.code_kind or CodeKind.SINGLE),
        starts_on=date.fromisoformat(fact.starts_on),
        ends_on=date.fromisoformat(fact.ends_on),
        visits=tuple(_visit(one) for one in fact.inspections),
    )


def authority_row(fact: plans.AuthorityChanged) -> Row:
    """An authority."""
    return {
        "authority_id": fact.authority_id,
        "version": fact.version,
        "name": fact.name,
        "region": fact.region,
        "listed_from": _day(fact.listed_from),
        "listed_until": _day(fact.listed_until),
    }


def matter_row(fact: plans.MatterChanged) -> Row:
    """A matter."""
    items = (CheckItem(item.name, tuple(item.check_points), item.standard) for item in fact.items)
    return {
        "matter_id": fact.matter_id,
        "version": fact.version,
        "name": fact.name,
        "legal_basis": fact.legal_basis,
        "items": tuple(items),
        "domain": fact.domain,
    }


def annual_cap_row(fact: plans.AnnualCapChanged) -> Row:
    """A yearly limit; one that is lifted binds in no year. Its row stays, so that no latecomer brings it back."""
    return {
        "annual_cap_id": fact.annual_cap_id,
        "version": fact.version,
        "authority_id": fact.authority_id,
        "region": fact.region,
        "year": 0 if fact.lifted else fact.year,
        "matter_id": fact.matter_id,
        "visits": fact.visits,
    }


def object_rows(fact: sampling.ObjectChanged) -> list[Row]:
    """Objects."""
    return [
        {
            "object_id": one.object_id,
            "version": one.version,
            "type": one.type,
            "name": one.name,
            "registration_status": one.registration_status,
            "region": one.region,
            "address": one.address,
            "industry": one.industry,
        }
        for one in fact.objects
    ]


def inspector_rows(fact: sampling.InspectorChanged) -> list[Row]:
    """Inspectors."""
    return [
        {
            "certificate": one.certificate,
            "version": one.version,
            "name": one.name,
            "authority_id": one.authority_id,
            "valid_until": _day(one.valid_until),
            "retired": one.retired,
        }
        for one in fact.inspectors
    ]


def match_rows(fact: sampling.JointMatched) -> list[Row]:
    """Which task has which object in common with others."""
    return [
        {"match_id": match.match_id, "task_id": participant.task_id, "object_id": match.object_id}
        for match in fact.matches
        for participant in match.participants
    ]


def rating_rows(fact: credit.RatingChanged) -> list[Row]:
    """Ratings."""
    return [
        {
            "object_id": one.object_id,
            "version": one.version,
            "public_rating": one.public_rating,
            "risk_class": one.risk_class,
            "industry": tuple(IndustryRating(rating.domain, rating.rating) for rating in one.industry),
        }
        for one in fact.ratings
    ]


def whitelisting_row(fact: credit.WhitelistChanged) -> Row:
    """An entry of a whitelist."""
    return {
        "whitelist_id": fact.whitelist_id,
        "version": fact.version,
        "authority_id": fact.authority_id,
        "object_id": fact.object_id,
        "matter_id": fact.matter_id,
        "starts_on": _day(fact.starts_on),
        "ends_on": _day(fact.ends_on),
        "active": fact.active,
    }


def finding_row(result: tasks.Result) -> Row:
    """What an authority found."""
    return {
        "inspection_id": result.inspection_id,
        "authority_id": result.authority_id,
        "version": result.version,
        "matter_ids": tuple(result.matter_ids),
        "finding": result.finding,
        "summary": result.summary,
        "disposal": result.disposal,
        "adverse": result.adverse,
        "inspected_on": _day(result.inspected_on),
    }


def term_row(fact: tasks.TaskExtended) -> Row:
    """The later last day of a task."""
    return {"task_id": fact.task_id, "version": fact.version, "ends_on": _day(fact.ends_on)}


_DISPOSALS = {"ORDER_CORRECTION": "责令改正", "TRANSFER": "线索移送", "NOTIFY": "抄告", "OPEN_CASE": "立案"}


def overdue_task(fact: tasks.TaskOverdue) -> Alert:
    """A task that was not done in time, as the supervisor is told of it."""
    left = f"，尚有{fact.open}项检查未办结" if fact.open else "，尚未下发或没有检查对象"
    message = f"检查任务{fact.number}（{fact.name}）应于{fact.ends_on}前完成，已超期{left}"
    due = date.fromisoformat(fact.ends_on)
    return Alert(WarningKind.TASK_OVERDUE, fact.authority_id, "", message, task_id=fact.task_id, due_on=due)


def overdue_disposal(fact: tasks.DisposalOverdue) -> Alert:
    """A disposal that was not closed in time, as the supervisor is told of it."""
    what = _DISPOSALS.get(fact.disposal, "处置")
    message = (
        f"任务{fact.task_number}对{fact.object_name}的检查：{what}期限{fact.due_on}已过，尚未复查或办结（处置超期）"
    )
    return Alert(
        WarningKind.DISPOSAL_OVERDUE,
        fact.authority_id,
        fact.object_id,
        message,
        inspection_id=fact.inspection_id,
        task_id=fact.task_id,
        due_on=date.fromisoformat(fact.due_on),
    )


def overdue_repair(fact: credit.RepairReminded) -> Iterator[Alert]:
    """A repair that was not decided in time (TJ 12), as the supervisor is told of it; a reminder before is none."""
    if fact.days_left < 0:
        message = f"信用修复{fact.number}（{fact.object_name}）应于{fact.due_on}前作出决定，已超期"
        yield Alert(
            WarningKind.REPAIR_OVERDUE,
            fact.authority_id,
            fact.object_id,
            message,
            inspection_id=fact.inspection_id,
            due_on=date.fromisoformat(fact.due_on),
            about=fact.repair_id,
        )


def overdue_withdrawal(fact: credit.DeliveryOverdue) -> Iterator[Alert]:
    """A channel that still shows what was repaired (TJ 13), as the supervisor is told of it."""
    if fact.action == "WITHDRAW" and fact.authority_id:  # earlier releases did not say whose
        message = f"{fact.channel_name}未在{fact.due_on}前确认停止公示{fact.object_name}的检查结果（撤回超期）"
        yield Alert(
            WarningKind.WITHDRAWAL_OVERDUE,
            fact.authority_id,
            fact.object_id,
            message,
            inspection_id=fact.inspection_id,
            due_on=date.fromisoformat(fact.due_on),
            about=fact.delivery_id,
        )


def given_up(fact: sampling.DrawAbandoned) -> AbandonedDraw:
    """A draw whose secrets were not all shown."""
    return from_proto(fact, AbandonedDraw)


def _visit(one: tasks.DispatchedInspection) -> PlannedVisit:
    parts = (CodePart(part.authority_id, tuple(part.matter_ids), tuple(part.certificates)) for part in one.parts)
    return PlannedVisit(one.inspection_id, one.object_id, tuple(parts), one.lead_kind, one.lead_detail)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
