"""Facts in, and the timers: what is published comes back as credit, and nothing that is due is forgotten."""

from __future__ import annotations

from typing import ClassVar

from liangma.codes.v1 import events_pb2 as codes
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.servicing import Call
from services.chassis.worker import Subscriptions, subscribe, timer
from services.credit import wire
from services.credit.courier import Courier
from services.credit.model.channel import Vault
from services.credit.queries import delivery, rating, whitelist
from services.credit.use_cases.channel import seal_secrets
from services.credit.use_cases.delivery import raise_overdue, reckon_provisional
from services.credit.use_cases.disclosure import disclose_draw, disclose_plan, purge_task
from services.credit.use_cases.feedback import note_evaluation, note_overdue, note_result
from services.credit.use_cases.known import note_authority, note_objects, note_task
from services.credit.use_cases.rating import renew_due_ratings
from services.credit.use_cases.repair_clock import tend_repairs
from services.credit.use_cases.whitelist import expire_whitelists

RATINGS_AT_ONCE = 2000
"""About a second's work, so that imports and results wait no longer."""


class CreditSubscriptions(Subscriptions):
    """In whatever order facts come, the same stands in the end."""

    name = "credit"
    courier: ClassVar[Courier]
    vault: ClassVar[Vault]

    @subscribe(plans.AuthorityChanged)
    def on_authority_changed(self, event: plans.AuthorityChanged, call: Call) -> None:
        note_authority(call.work, wire.authority_from_event(event))

    @subscribe(plans.PlanApproved)
    def on_plan_approved(self, event: plans.PlanApproved, call: Call) -> None:
        disclose_plan(call.work, wire.plan_from_event(event), now=call.now)

    @subscribe(sampling.ObjectChanged)
    def on_object_changed(self, event: sampling.ObjectChanged, call: Call) -> None:
        note_objects(call.work, wire.objects_from_event(event), now=call.now)

    @subscribe(sampling.DrawRevealed)
    def on_draw_revealed(self, event: sampling.DrawRevealed, call: Call) -> None:
        disclose_draw(call.work, wire.draw_from_event(event), now=call.now)

    @subscribe(tasks.TaskFormed)
    def on_task_formed(self, event: tasks.TaskFormed, call: Call) -> None:
        note_task(call.work, wire.task_from_event(event), now=call.now)

    @subscribe(tasks.ResultPublished)
    def on_result_published(self, event: tasks.ResultPublished, call: Call) -> None:
        note_result(call.work, wire.result_from_event(event.result), now=call.now, workdays=call.runtime.workdays)

    @subscribe(tasks.ResultCorrected)
    def on_result_corrected(self, event: tasks.ResultCorrected, call: Call) -> None:
        note_result(
            call.work,
            wire.result_from_event(event.result),
            correction=event.reason or "更正",
            now=call.now,
            workdays=call.runtime.workdays,
        )

    @subscribe(codes.ExternalResultPublished)
    def on_external_result_published(self, event: codes.ExternalResultPublished, call: Call) -> None:
        result, workdays = wire.result_from_event(event.result), call.runtime.workdays
        note_result(call.work, result, correction=event.reason, now=call.now, workdays=workdays)

    @subscribe(tasks.DisposalOverdue)
    def on_disposal_overdue(self, event: tasks.DisposalOverdue, call: Call) -> None:
        note_overdue(call.work, wire.overdue_from_event(event), nature=event.nature, now=call.now)

    @subscribe(tasks.TaskPurged)
    def on_task_purged(self, event: tasks.TaskPurged, call: Call) -> None:
        purge_task(call.work, event.task_id, now=call.now)

    @subscribe(codes.EvaluationSubmitted)
    def on_evaluation_submitted(self, event: codes.EvaluationSubmitted, call: Call) -> None:
        note_evaluation(call.work, event.evaluation_id, event.inspection_id, event.authority_id, now=call.now)

    @timer(seconds=2)
    def send_deliveries(self, _: Call) -> None:
        self.courier.wake()

    @timer(seconds=1)
    def renew_ratings(self, call: Call) -> None:
        renew_due_ratings(call.work, rating.Due(call.work.session), RATINGS_AT_ONCE, now=call.now)

    @timer(seconds=600)
    def seal_secrets(self, call: Call) -> None:
        seal_secrets(call.work, self.vault)

    @timer(seconds=600)
    def tend_repairs(self, call: Call) -> None:
        tend_repairs(call.work, now=call.now, workdays=call.runtime.workdays)

    @timer(seconds=600)
    def expire_whitelists(self, call: Call) -> None:
        expire_whitelists(call.work, whitelist.Expired(call.work.session), now=call.now)

    @timer(seconds=600)
    def raise_overdue_deliveries(self, call: Call) -> None:
        reckon_provisional(call.work, call.runtime.workdays)
        raise_overdue(call.work, delivery.Overdue(call.work.session), now=call.now)
