"""RepairsService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.credit.v1 import repairs_pb2 as pb
from liangma.credit.v1 import repairs_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.credit import wire
from services.credit.model.repair import Repair
from services.credit.queries import repair as queries
from services.credit.queries import sheets
from services.credit.tables import repairs
from services.credit.use_cases import repair as use_cases


class RepairsServicer(Servicer, grpc.RepairsServiceServicer):
    @write
    def ApplyRepair(self, request: pb.ApplyRepairRequest, call: Call) -> pb.Repair:
        application = wire.application_from_proto(request)
        made = use_cases.apply_repair(call.work, application, call.runtime.attachments, by=call.principal, now=call.now)
        return _shown(made, call)

    @read
    def GetRepair(self, request: pb.GetRepairRequest, call: Call) -> pb.Repair:
        repair = queries.get_repair(call.work.session, request.repair_id, call.principal)
        return wire.repair_to_proto(repair, today(call.now), call.runtime.workdays)

    @read
    def ListRepairs(self, request: pb.ListRepairsRequest, call: Call) -> pb.ListRepairsResponse:
        page = queries.list_repairs(
            call.work.session,
            from_proto(request, queries.RepairFilter),
            call.principal,
            today(call.now),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = [wire.repair_to_proto(repair, today(call.now), call.runtime.workdays) for repair in page.items]
        return pb.ListRepairsResponse(repairs=rows, page=wire.page_to_proto(page))

    @read
    def ExportRepairs(self, request: pb.ListRepairsRequest, call: Call) -> HttpBody:
        shown = queries.shown_repairs(from_proto(request, queries.RepairFilter), call.principal, today(call.now))
        return sheets.sheet(call.work.session, shown, [repairs.c.repair_id], sheets.REPAIRS)

    @read
    def GetRepairDocument(self, request: pb.GetRepairDocumentRequest, call: Call) -> HttpBody:
        repair = queries.get_repair(call.work.session, request.repair_id, call.principal)
        document = repair.document(request.sha256)
        return wire.file(document, call.runtime.attachments.get(document.sha256))

    @write
    def AcceptRepair(self, request: pb.AcceptRepairRequest, call: Call) -> pb.Repair:
        accepted = use_cases.accept_repair(
            call.work,
            request.repair_id,
            etag=request.etag,
            by=call.principal,
            now=call.now,
            workdays=call.runtime.workdays,
        )
        return _shown(accepted, call)

    @write
    def DeclineRepair(self, request: pb.DeclineRepairRequest, call: Call) -> pb.Repair:
        declined = use_cases.decline_repair(
            call.work, request.repair_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown(declined, call)

    @write
    def RequestSupplement(self, request: pb.RequestSupplementRequest, call: Call) -> pb.Repair:
        asked = use_cases.request_supplement(
            call.work,
            request.repair_id,
            request.supplement,
            wire.day("respond_by", request.respond_by),
            etag=request.etag,
            by=call.principal,
            now=call.now,
            workdays=call.runtime.workdays,
        )
        return _shown(asked, call)

    @write
    def SubmitSupplement(self, request: pb.SubmitSupplementRequest, call: Call) -> pb.Repair:
        brought = use_cases.submit_supplement(
            call.work,
            request.repair_id,
            request.statement,
            wire.documents_from_proto(request.documents),
            call.runtime.attachments,
            etag=request.etag,
            by=call.principal,
            now=call.now,
            workdays=call.runtime.workdays,
        )
        return _shown(brought, call)

    @write
    def RecordSiteCheck(self, request: pb.RecordSiteCheckRequest, call: Call) -> pb.Repair:
        checked = use_cases.record_site_check(
            call.work,
            request.repair_id,
            wire.site_check_from_proto(request, call.principal.subject, today(call.now)),
            call.runtime.attachments,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return _shown(checked, call)

    @write
    def GrantRepair(self, request: pb.GrantRepairRequest, call: Call) -> pb.Repair:
        granted = use_cases.grant_repair(
            call.work,
            request.repair_id,
            request.remark,
            etag=request.etag,
            by=call.principal,
            now=call.now,
            workdays=call.runtime.workdays,
        )
        return _shown(granted, call)

    @write
    def RefuseRepair(self, request: pb.RefuseRepairRequest, call: Call) -> pb.Repair:
        refused = use_cases.refuse_repair(
            call.work, request.repair_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown(refused, call)

    @read
    def ExplainDeadline(self, request: pb.ExplainDeadlineRequest, call: Call) -> pb.DeadlineExplanation:
        repair = queries.get_repair(call.work.session, request.repair_id, call.principal)
        return wire.deadline_to_proto(repair, today(call.now), call.runtime.workdays)


def _shown(repair: Repair, call: Call) -> pb.Repair:
    return wire.repair_to_proto(repair, today(call.now), call.runtime.workdays)
