"""Facts in: what goes out gets its code, what is called off loses it, and what others know is kept at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from liangma.credit.v1 import events_pb2 as credit
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.bus import NotYet
from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.servicing import Call
from services.chassis.worker import Subscriptions, subscribe, timer
from services.codes.ledger import SqlLedger
from services.codes.office import office
from services.codes.queries.expiry import codes_with_expired_certificates
from services.codes.use_cases import code, directory, enterprise, history, issue, warning
from services.codes.wire import facts


@contextmanager
def patiently() -> Iterator[None]:
    """What a fact builds on may still be on its way."""
    try:
        yield
    except NoSuchThing as missing:
        raise NotYet(str(missing)) from missing


class CodesSubscriptions(Subscriptions):
    """The facts of plans, tasks, sampling and credit, in whatever order they come."""

    name = "codes"

    @subscribe(tasks.InspectionsDispatched)
    def on_inspections_dispatched(self, event: tasks.InspectionsDispatched, call: Call) -> None:
        press = office(call.runtime).press(call.work.session)
        with patiently():
            issue.issue_codes(call.work, facts.dispatch(event), press, now=call.now)

    @subscribe(tasks.TaskExtended)
    def on_task_extended(self, event: tasks.TaskExtended, call: Call) -> None:
        press = office(call.runtime).press(call.work.session)
        with patiently():
            issue.extend_codes(call.work, facts.term_row(event), event.inspection_ids, press, now=call.now)

    @subscribe(tasks.InspectorReassigned)
    def on_inspector_reassigned(self, event: tasks.InspectorReassigned, call: Call) -> None:
        press, now_there = office(call.runtime).press(call.work.session), tuple(event.certificates)
        with patiently():
            issue.reassign_inspectors(
                call.work, event.inspection_id, event.authority_id, now_there, press, now=call.now
            )

    @subscribe(tasks.InspectionsCancelled)
    def on_inspections_cancelled(self, event: tasks.InspectionsCancelled, call: Call) -> None:
        counts = SqlLedger(call.work.session)
        code.call_off(call.work, event.inspection_ids, event.cause or event.reason, counts, now=call.now)

    @subscribe(tasks.TaskCancelled)
    def on_task_cancelled(self, event: tasks.TaskCancelled, call: Call) -> None:
        counts = SqlLedger(call.work.session)
        code.call_off_task(call.work, event.task_id, event.inspection_ids, event.reason, counts, now=call.now)

    @subscribe(tasks.TaskPurged)
    def on_task_purged(self, event: tasks.TaskPurged, call: Call) -> None:
        counts = SqlLedger(call.work.session)
        code.purge_task(call.work, event.task_id, event.inspection_ids, counts, now=call.now)

    @subscribe(tasks.RecordedWithoutVerification)
    def on_recorded_without_verification(self, event: tasks.RecordedWithoutVerification, call: Call) -> None:
        warning.warn_of_record_without_verification(
            call.work, event.inspection_id, event.authority_id, event.object_id, event.exception
        )

    @subscribe(tasks.TaskOverdue)
    def on_task_overdue(self, event: tasks.TaskOverdue, call: Call) -> None:
        warning.warn_of_overdue(call.work, facts.overdue_task(event), test=event.nature == "TEST")

    @subscribe(tasks.DisposalOverdue)
    def on_disposal_overdue(self, event: tasks.DisposalOverdue, call: Call) -> None:
        warning.warn_of_overdue(call.work, facts.overdue_disposal(event), test=event.nature == "TEST")

    @subscribe(credit.RepairReminded)
    def on_repair_reminded(self, event: credit.RepairReminded, call: Call) -> None:
        warning.raise_warnings(call.work, facts.overdue_repair(event))

    @subscribe(credit.DeliveryOverdue)
    def on_delivery_overdue(self, event: credit.DeliveryOverdue, call: Call) -> None:
        warning.raise_warnings(call.work, facts.overdue_withdrawal(event))

    @subscribe(tasks.ResultPublished)
    def on_result_published(self, event: tasks.ResultPublished, call: Call) -> None:
        self._note(event.result, call)

    @subscribe(tasks.ResultCorrected)
    def on_result_corrected(self, event: tasks.ResultCorrected, call: Call) -> None:
        self._note(event.result, call)

    @subscribe(plans.AuthorityChanged)
    def on_authority_changed(self, event: plans.AuthorityChanged, call: Call) -> None:
        directory.note_authority(call.work, facts.authority_row(event))

    @subscribe(plans.MatterChanged)
    def on_matter_changed(self, event: plans.MatterChanged, call: Call) -> None:
        directory.note_matter(call.work, facts.matter_row(event))

    @subscribe(plans.AnnualCapChanged)
    def on_annual_cap_changed(self, event: plans.AnnualCapChanged, call: Call) -> None:
        directory.note_annual_cap(call.work, facts.annual_cap_row(event))

    @subscribe(sampling.ObjectChanged)
    def on_object_changed(self, event: sampling.ObjectChanged, call: Call) -> None:
        directory.note_objects(call.work, facts.object_rows(event))

    @subscribe(sampling.InspectorChanged)
    def on_inspector_changed(self, event: sampling.InspectorChanged, call: Call) -> None:
        directory.note_inspectors(call.work, facts.inspector_rows(event))

    @subscribe(sampling.JointMatched)
    def on_joint_matched(self, event: sampling.JointMatched, call: Call) -> None:
        directory.note_matches(call.work, facts.match_rows(event))

    @subscribe(sampling.DrawAbandoned)
    def on_draw_abandoned(self, event: sampling.DrawAbandoned, call: Call) -> None:
        warning.warn_of_abandoned_draw(call.work, facts.given_up(event))

    @subscribe(credit.RatingChanged)
    def on_rating_changed(self, event: credit.RatingChanged, call: Call) -> None:
        directory.note_ratings(call.work, facts.rating_rows(event))

    @subscribe(credit.WhitelistChanged)
    def on_whitelist_changed(self, event: credit.WhitelistChanged, call: Call) -> None:
        directory.note_whitelisting(call.work, facts.whitelisting_row(event))

    @timer(seconds=3600)
    def warn_of_expired_certificates(self, call: Call) -> None:
        found = codes_with_expired_certificates(call.work.session, today(call.now))
        warning.warn_of_expired_certificates(call.work, found)

    @timer(seconds=3600)
    def announce_bindings(self, call: Call) -> None:
        enterprise.announce_bindings(call.work, now=call.now)

    def _note(self, result: tasks.Result, call: Call) -> None:
        if result.nature != "TEST":
            history.note_result(
                call.work,
                facts.finding_row(result),
                object_id=result.object_id,
                task_number=result.task_number,
                task_name=result.task_name,
                task_kind=result.kind,
                method=result.method,
                day=date.fromisoformat(result.inspected_on) if result.inspected_on else None,
                now=call.now,
            )
