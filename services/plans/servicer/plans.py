"""PlansService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from liangma.plans.v1 import plans_pb2 as pb
from liangma.plans.v1 import plans_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import from_proto, to_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.plan_content import PlanContent
from services.plans.model.receipt import Receipt
from services.plans.queries import plan as queries
from services.plans.queries import sheets
from services.plans.tables import plans
from services.plans.use_cases import plan as use_cases


class PlansServicer(Servicer, grpc.PlansServiceServicer):
    @write
    def CreatePlan(self, request: pb.CreatePlanRequest, call: Call) -> pb.Plan:
        content = from_proto(request.plan, PlanContent)
        made = use_cases.create_plan(call.work, content, request.plan.year, by=call.principal, now=call.now)
        return wire.plan_to_proto(made)

    @write
    def UpdatePlan(self, request: pb.UpdatePlanRequest, call: Call) -> pb.Plan:
        changed = use_cases.update_plan(
            call.work,
            wire.id_of(request.plan, "plan_id", within="plan"),
            wire.changes(request.plan, request.update_mask, PlanContent),
            request.plan.year or None,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.plan_to_proto(changed)

    @write
    def DeletePlan(self, request: pb.DeletePlanRequest, call: Call) -> Empty:
        use_cases.delete_plan(call.work, request.plan_id, etag=request.etag, by=call.principal, now=call.now)
        return Empty()

    @read
    def GetPlan(self, request: pb.GetPlanRequest, call: Call) -> pb.Plan:
        return wire.plan_to_proto(use_cases.known_plan(call.work, request.plan_id, by=call.principal))

    @read
    def ListPlans(self, request: pb.ListPlansRequest, call: Call) -> pb.ListPlansResponse:
        page = queries.list_made(
            call.work.session,
            from_proto(request, queries.PlanFilter),
            call.principal,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return pb.ListPlansResponse(plans=map(wire.plan_to_proto, page.items), page=wire.page_to_proto(page))

    @read
    def ListReceivedPlans(self, request: pb.ListReceivedPlansRequest, call: Call) -> pb.ListReceivedPlansResponse:
        page = queries.list_received(
            call.work.session,
            from_proto(request, queries.PlanFilter),
            wire.answer_of(request.answer),
            call.principal,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        names = queries.names_of(call.work.session, [call.principal.authority])
        rows = [wire.received_to_proto(plan, receipt, names) for plan, receipt in page.items]
        return pb.ListReceivedPlansResponse(received_plans=rows, page=wire.page_to_proto(page))

    @read
    def ListPlansForReview(self, request: pb.ListPlansForReviewRequest, call: Call) -> pb.ListPlansResponse:
        page = queries.list_for_review(
            call.work.session,
            from_proto(request, queries.PlanFilter),
            call.principal,
            include_reviewed=request.include_reviewed,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return pb.ListPlansResponse(plans=map(wire.plan_to_proto, page.items), page=wire.page_to_proto(page))

    @write
    def SubmitPlan(self, request: pb.SubmitPlanRequest, call: Call) -> pb.Plan:
        submitted = use_cases.submit_plan(
            call.work, request.plan_id, request.reviewer_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.plan_to_proto(submitted)

    @write
    def WithdrawPlan(self, request: pb.WithdrawPlanRequest, call: Call) -> pb.Plan:
        withdrawn = use_cases.withdraw_plan(
            call.work, request.plan_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.plan_to_proto(withdrawn)

    @write
    def ApprovePlan(self, request: pb.ApprovePlanRequest, call: Call) -> pb.Plan:
        approved = use_cases.approve_plan(
            call.work, request.plan_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.plan_to_proto(approved)

    @write
    def RejectPlan(self, request: pb.RejectPlanRequest, call: Call) -> pb.Plan:
        rejected = use_cases.reject_plan(
            call.work, request.plan_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.plan_to_proto(rejected)

    @write
    def AnswerPlan(self, request: pb.AnswerPlanRequest, call: Call) -> pb.Receipt:
        receipt = use_cases.answer_plan(
            call.work,
            request.plan_id,
            wire.answer_of(request.answer),
            request.reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return _receipts([receipt], call)[0]

    @read
    def ListReceipts(self, request: pb.ListReceiptsRequest, call: Call) -> pb.ListReceiptsResponse:
        plan = use_cases.known_plan(call.work, request.plan_id, by=call.principal)
        page = queries.list_receipts(
            call.work.session,
            plan,
            wire.answer_of(request.answer),
            only=use_cases.receipts_shown_to(plan, call.principal),
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return pb.ListReceiptsResponse(receipts=_receipts(page.items, call), page=wire.page_to_proto(page))

    @read
    def ListPlanHistory(self, request: pb.ListPlanHistoryRequest, call: Call) -> pb.ListPlanHistoryResponse:
        plan = use_cases.overseen_plan(call.work, request.plan_id, by=call.principal)
        page = queries.list_steps(
            call.work.session, plan.plan_id, page_size=request.page_size, page_token=request.page_token
        )
        steps = map(wire.step_to_proto, page.items)
        return pb.ListPlanHistoryResponse(steps=steps, page=wire.page_to_proto(page))

    @read
    def GetPlanCounters(self, request: pb.GetPlanCountersRequest, call: Call) -> pb.PlanCounters:
        year = request.year or today(call.now).year
        return to_proto(queries.counters(call.work.session, call.principal.authority, year), pb.PlanCounters)

    @read
    def ExportPlans(self, request: pb.ListPlansRequest, call: Call) -> HttpBody:
        shown = queries.made(from_proto(request, queries.PlanFilter), call.principal)
        data = sheets.sheet(call.work.session, shown, [plans.c.year, plans.c.plan_id], sheets.PLAN_COLUMNS)
        return HttpBody(content_type=sheets.XLSX, data=data)


def _receipts(receipts: list[Receipt], call: Call) -> list[pb.Receipt]:
    names = queries.names_of(call.work.session, [receipt.authority_id for receipt in receipts])
    return [wire.receipt_to_proto(receipt, names) for receipt in receipts]
