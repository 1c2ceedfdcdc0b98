"""Facts in, and timers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from liangma.codes.v1 import events_pb2 as codes
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling

from services.chassis.bus import NotYet
from services.chassis.clock import today
from services.chassis.servicing import Call
from services.chassis.worker import Subscriptions, subscribe, timer
from services.tasks.model.copies import Authority, CheckForm, DirectoryObject, Inspector, Matter, Plan
from services.tasks.model.terms import Premature
from services.tasks.queries import deadlines
from services.tasks.use_cases import disposal, drawing, invitation, joint, purge, staffing, visit
from services.tasks.use_cases.copies import keep_copies
from services.tasks.wire import facts


@contextmanager
def patiently() -> Iterator[None]:
    """A fact that came before what it speaks of is delivered again later."""
    try:
        yield
    except Premature as early:
        raise NotYet(str(early)) from early


class TasksSubscriptions(Subscriptions):
    """What tasks hears."""

    name = "tasks"

    @subscribe(plans.AuthorityChanged)
    def on_authority_changed(self, event: plans.AuthorityChanged, call: Call) -> None:
        keep_copies(call.work, Authority, [facts.authority(event)])

    @subscribe(plans.MatterChanged)
    def on_matter_changed(self, event: plans.MatterChanged, call: Call) -> None:
        keep_copies(call.work, Matter, [facts.matter(event)])

    @subscribe(plans.CheckFormChanged)
    def on_check_form_changed(self, event: plans.CheckFormChanged, call: Call) -> None:
        keep_copies(call.work, CheckForm, [facts.check_form(event)])

    @subscribe(plans.PlanApproved)
    def on_plan_approved(self, event: plans.PlanApproved, call: Call) -> None:
        keep_copies(call.work, Plan, [facts.plan(event)])

    @subscribe(sampling.ObjectChanged)
    def on_object_changed(self, event: sampling.ObjectChanged, call: Call) -> None:
        call.work.upsert(DirectoryObject, facts.objects(event))

    @subscribe(sampling.InspectorChanged)
    def on_inspector_changed(self, event: sampling.InspectorChanged, call: Call) -> None:
        keep_copies(call.work, Inspector, facts.inspectors(event))

    @subscribe(sampling.ObjectsDrawn)
    def on_objects_drawn(self, event: sampling.ObjectsDrawn, call: Call) -> None:
        objects = facts.drawn(event)
        drawing.note_objects_drawn(
            call.work, event.task_id, event.round, event.part, event.parts, objects, now=call.now
        )

    @subscribe(sampling.InspectorsDrawn)
    def on_inspectors_drawn(self, event: sampling.InspectorsDrawn, call: Call) -> None:
        with patiently():
            staffing.note_inspectors_drawn(call.work, event.task_id, facts.teams(event), now=call.now)

    @subscribe(sampling.InspectorReplaced)
    def on_inspector_replaced(self, event: sampling.InspectorReplaced, call: Call) -> None:
        with patiently():
            staffing.note_inspector_replaced(
                call.work, event.task_id, event.certificate, event.reason, facts.teams(event), now=call.now
            )

    @subscribe(sampling.JointMatched)
    def on_joint_matched(self, event: sampling.JointMatched, call: Call) -> None:
        with patiently():
            joint.note_joint_matched(call.work, event.window_id, event.window_name, facts.matches(event), now=call.now)

    @subscribe(codes.CodeIssued)
    def on_code_issued(self, event: codes.CodeIssued, call: Call) -> None:
        visit.note_codes_issued(call.work, facts.codes_issued(event), now=call.now)

    @subscribe(codes.CodeIntercepted)
    def on_code_intercepted(self, event: codes.CodeIntercepted, call: Call) -> None:
        visit.note_codes_intercepted(call.work, facts.codes_intercepted(event), now=call.now)

    @subscribe(codes.VisitVerified)
    def on_visit_verified(self, event: codes.VisitVerified, call: Call) -> None:
        visit.note_visit(call.work, event.inspection_id, facts.verified(event), now=call.now)

    @subscribe(codes.VisitExcepted)
    def on_visit_excepted(self, event: codes.VisitExcepted, call: Call) -> None:
        visit.note_visit(call.work, event.inspection_id, facts.excepted(event), now=call.now)

    @subscribe(codes.EvaluationSubmitted)
    def on_evaluation_submitted(self, event: codes.EvaluationSubmitted, call: Call) -> None:
        visit.note_evaluation(
            call.work, event.evaluation_id, event.inspection_id, event.authority_id, event.score, now=call.now
        )

    @timer(seconds=60)
    def close_overdue_invitations(self, call: Call) -> None:
        over = deadlines.invitations_over(call.work.session, today(call.now))
        invitation.close_overdue_invitations(call.work, over, now=call.now)

    @timer(seconds=60)
    def raise_overdue_tasks(self, call: Call) -> None:
        over = deadlines.tasks_over(call.work.session, today(call.now))
        disposal.raise_overdue_tasks(call.work, over, now=call.now)

    @timer(seconds=60)
    def raise_overdue_disposals(self, call: Call) -> None:
        over = deadlines.disposals_over(call.work.session, today(call.now))
        disposal.raise_overdue_disposals(call.work, over, now=call.now)

    @timer(seconds=60)
    def purge_test_tasks(self, call: Call) -> None:
        purge.purge_test_tasks(call.work, now=call.now)
