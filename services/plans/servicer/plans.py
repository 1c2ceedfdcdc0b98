"""PlansService."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from liangma.plans.v1 import plans_pb2 as pb
from liangma.plans.v1 import plans_pb2_grpc as grpc
from liangma.type.v1 import import_pb2
from sqlalchemy import Select

from services.chassis import sheets
from services.chassis.clock import today
from services.chassis.convert import from_proto, to_proto
from services.chassis.paging import Page
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.plan import AnnualPlan
from services.plans.model.plan_content import PlanContent
from services.plans.model.receipt import Receipt
from services.plans.queries import official as officials
from services.plans.queries import plan as queries
from services.plans.queries import plan_columns as columns
from services.plans.queries import receipt as receipts
from services.plans.queries.authority import names_of
from services.plans.queries.filters import total
from services.plans.queries.signatures import signatures
from services.plans.tables import plan_steps, plans
from services.plans.tables import receipts as receipt_table
from services.plans.use_cases import plan as use_cases
from services.plans.use_cases.import_plans import PlanRow, import_plans


class PlansServicer(Servicer, grpc.PlansServiceServicer):
    @write
    def CreatePlan(self, request: pb.CreatePlanRequest, call: Call) -> pb.Plan:
        content = from_proto(request.plan, PlanContent)
        made = use_cases.create_plan(call.work, content, request.plan.year, by=call.principal, now=call.now)
        return _shown([made], call)[0]

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
        return _shown([changed], call)[0]

    @write
    def DeletePlan(self, request: pb.DeletePlanRequest, call: Call) -> Empty:
        use_cases.delete_plan(call.work, request.plan_id, etag=request.etag, by=call.principal, now=call.now)
        return Empty()

    @read
    def GetPlan(self, request: pb.GetPlanRequest, call: Call) -> pb.Plan:
        return _shown([use_cases.known_plan(call.work, request.plan_id, by=call.principal)], call)[0]

    @read
    def ListPlans(self, request: pb.ListPlansRequest, call: Call) -> pb.ListPlansResponse:
        shown, session = _made(request, call), call.work.session
        page = queries.list_made(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return _list(page, total(session, shown), call)

    @read
    def ListReceivedPlans(self, request: pb.ListReceivedPlansRequest, call: Call) -> pb.ListReceivedPlansResponse:
        shown, session = _received(request, call), call.work.session
        page = receipts.list_received(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = _shown_to_a_recipient(page.items, call)
        return pb.ListReceivedPlansResponse(
            received_plans=rows, page=wire.page_to_proto(page), total_size=total(session, shown)
        )

    @read
    def ListPlansForReview(self, request: pb.ListPlansForReviewRequest, call: Call) -> pb.ListPlansResponse:
        shown, session = _for_review(request, call), call.work.session
        page = queries.list_for_review(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return _list(page, total(session, shown), call)

    @read
    def ListReviewers(self, request: pb.ListReviewersRequest, call: Call) -> pb.ListReviewersResponse:
        plan, day = use_cases.plan_to_be_reviewed(call.work, request.plan_id, by=call.principal), today(call.now)
        authors = {*plan.authors, call.principal.subject}
        shown, session = officials.reviewers(plan.authority_id, request.name, day, without=authors), call.work.session
        page = officials.list_officials(
            session, shown, page_size=request.page_size, page_token=request.page_token, order_by="name"
        )
        rows = [wire.official_to_proto(row, day) for row in page.items]
        return pb.ListReviewersResponse(reviewers=rows, page=wire.page_to_proto(page), total_size=total(session, shown))

    @write
    def SubmitPlan(self, request: pb.SubmitPlanRequest, call: Call) -> pb.Plan:
        submitted = use_cases.submit_plan(
            call.work, request.plan_id, request.reviewer_id, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown([submitted], call)[0]

    @write
    def WithdrawPlan(self, request: pb.WithdrawPlanRequest, call: Call) -> pb.Plan:
        withdrawn = use_cases.withdraw_plan(
            call.work, request.plan_id, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown([withdrawn], call)[0]

    @write
    def ApprovePlan(self, request: pb.ApprovePlanRequest, call: Call) -> pb.Plan:
        approved = use_cases.approve_plan(
            call.work, request.plan_id, request.note, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown([approved], call)[0]

    @write
    def RejectPlan(self, request: pb.RejectPlanRequest, call: Call) -> pb.Plan:
        rejected = use_cases.reject_plan(
            call.work, request.plan_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown([rejected], call)[0]

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
        shown, session = _receipts_of(request, call), call.work.session
        page = receipts.list_receipts(session, shown, page_size=request.page_size, page_token=request.page_token)
        return pb.ListReceiptsResponse(
            receipts=_receipts(page.items, call), page=wire.page_to_proto(page), total_size=total(session, shown)
        )

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
        return to_proto(queries.counters(call.work.session, call.principal, year), pb.PlanCounters)

    @write
    def ImportPlans(self, request: pb.ImportPlansRequest, call: Call) -> import_pb2.ImportReport:
        rows = [from_proto(row, PlanRow) for row in request.rows]
        return wire.report_to_proto(import_plans(call.work, rows, by=call.principal, now=call.now))

    @read
    def ExportPlans(self, request: pb.ListPlansRequest, call: Call) -> HttpBody:
        return _sheet(_made(request, call), [plans.c.year, plans.c.plan_id], call)

    @read
    def ExportReceivedPlans(self, request: pb.ListReceivedPlansRequest, call: Call) -> HttpBody:
        order = [receipt_table.c.sent_at, receipt_table.c.receipt_id]
        found = sheets.found(call.work.session, _received(request, call), order)
        pairs = receipts.with_plans(call.work.session, found)
        return HttpBody(content_type=sheets.XLSX, data=sheets.sheet_of(columns.received_columns(), pairs))

    @read
    def ExportPlansForReview(self, request: pb.ListPlansForReviewRequest, call: Call) -> HttpBody:
        return _sheet(_for_review(request, call), [plans.c.submitted_at, plans.c.plan_id], call)

    @read
    def ExportReceipts(self, request: pb.ListReceiptsRequest, call: Call) -> HttpBody:
        order = [receipt_table.c.authority_id]
        found = sheets.found(call.work.session, _receipts_of(request, call), order)
        names = names_of(call.work.session, [receipt.authority_id for receipt in found])
        return HttpBody(content_type=sheets.XLSX, data=sheets.sheet_of(columns.receipt_columns(names), found))

    @read
    def ExportPlanHistory(self, request: pb.ListPlanHistoryRequest, call: Call) -> HttpBody:
        plan = use_cases.overseen_plan(call.work, request.plan_id, by=call.principal)
        order = [plan_steps.c.at, plan_steps.c.step_id]
        data = sheets.sheet(call.work.session, queries.steps_of(plan.plan_id), order, columns.STEP_COLUMNS)
        return HttpBody(content_type=sheets.XLSX, data=data)


def _made(request: pb.ListPlansRequest, call: Call) -> Select[Any]:
    return queries.made(from_proto(request, queries.PlanFilter), call.principal)


def _for_review(request: pb.ListPlansForReviewRequest, call: Call) -> Select[Any]:
    shown = from_proto(request, queries.PlanFilter)
    return queries.for_review(shown, call.principal, include_reviewed=request.include_reviewed)


def _received(request: pb.ListReceivedPlansRequest, call: Call) -> Select[Any]:
    shown = from_proto(request, queries.PlanFilter)
    return receipts.received(shown.conditions(), shown.answer, call.principal)


def _receipts_of(request: pb.ListReceiptsRequest, call: Call) -> Select[Any]:
    plan = use_cases.known_plan(call.work, request.plan_id, by=call.principal)
    only = use_cases.receipts_shown_to(plan, call.principal)
    return receipts.receipts_of(plan, wire.answer_of(request.answer), only=only)


def _list(page: Page[AnnualPlan], size: int, call: Call) -> pb.ListPlansResponse:
    rows = _shown(page.items, call)
    return pb.ListPlansResponse(plans=rows, page=wire.page_to_proto(page), total_size=size)


def _shown(found: Sequence[AnnualPlan], call: Call) -> list[pb.Plan]:
    """Plans as the caller may see them: to those they were sent to the answers of others are not shown."""
    seen_whole = [plan.plan_id for plan in found if not use_cases.receipts_shown_to(plan, call.principal)]
    answers = receipts.receptions(call.work.session, seen_whole)
    signed = signatures(call.work.session, [plan.plan_id for plan in found])
    possible = [use_cases.possible_actions(call.work, plan, call.principal) for plan in found]
    return [
        wire.plan_to_proto(plan, signed[plan.plan_id], may, answers.get(plan.plan_id))
        for plan, may in zip(found, possible, strict=True)
    ]


def _shown_to_a_recipient(found: Sequence[tuple[AnnualPlan, Receipt]], call: Call) -> list[pb.ReceivedPlan]:
    by, session = call.principal, call.work.session
    names = names_of(session, [by.authority])
    signed = signatures(session, [plan.plan_id for plan, _ in found])
    return [
        wire.received_to_proto(
            plan,
            receipt,
            signed[plan.plan_id],
            plan.possible_for(by.subject, by.authority, by.roles, receipt.answer),
            names,
        )
        for plan, receipt in found
    ]


def _sheet(shown: Select[Any], order: Sequence[Any], call: Call) -> HttpBody:
    found = sheets.found(call.work.session, shown, order)
    answers = receipts.receptions(call.work.session, [plan.plan_id for plan in found])
    return HttpBody(content_type=sheets.XLSX, data=sheets.sheet_of(columns.plan_columns(answers), found))


def _receipts(found: Sequence[Receipt], call: Call) -> list[pb.Receipt]:
    names = names_of(call.work.session, [receipt.authority_id for receipt in found])
    return [wire.receipt_to_proto(receipt, names) for receipt in found]
