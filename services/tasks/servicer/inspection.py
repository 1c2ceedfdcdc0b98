"""Requests about inspections."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.tasks.v1 import inspections_pb2 as pb
from liangma.tasks.v1 import inspections_pb2_grpc

from services.chassis.servicing import Call, Servicer, read, write
from services.tasks import papers
from services.tasks.model.inspection import Inspection
from services.tasks.queries import change, sheets
from services.tasks.queries import inspection as queries
from services.tasks.queries import papers as printed
from services.tasks.use_cases import disposal, instant, replacement, staffing, survey, transfer
from services.tasks.use_cases import inspection as use_cases
from services.tasks.use_cases.access import find_task, require_inspection_reader, require_reader
from services.tasks.wire import inspection as wire
from services.tasks.wire.task import PDF, XLSX, file


class InspectionsServicer(Servicer, inspections_pb2_grpc.InspectionsServiceServicer):
    """`liangma.tasks.v1.InspectionsService`."""

    @read
    def GetInspection(self, request: pb.GetInspectionRequest, call: Call) -> pb.Inspection:
        return wire.inspection(_read(call, request.inspection_id), call.principal)

    @read
    def ListInspections(self, request: pb.ListInspectionsRequest, call: Call) -> pb.ListInspectionsResponse:
        page = queries.list_inspections(
            call.work.session,
            wire.filter(request),
            call.principal,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return wire.inspections(page, call.principal)

    @read
    def ExportInspections(self, request: pb.ListInspectionsRequest, call: Call) -> HttpBody:
        statement = queries.matching(wire.filter(request), call.principal)
        return file(sheets.inspection_sheet(call.work.session, statement), XLSX)

    @write
    def ReassignInspector(self, request: pb.ReassignInspectorRequest, call: Call) -> pb.Inspection:
        changed = staffing.reassign_inspector(
            call.work,
            request.inspection_id,
            request.certificate,
            request.substitute_certificate,
            request.reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.inspection(changed, call.principal)

    @write
    def ReplaceObject(self, request: pb.ReplaceObjectRequest, call: Call) -> pb.Inspection:
        new = replacement.replace_object(
            call.work,
            request.inspection_id,
            request.reason,
            request.object_id,
            request.repeat_reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.inspection(new, call.principal)

    @write
    def TransferObject(self, request: pb.TransferObjectRequest, call: Call) -> pb.Inspection:
        new = transfer.transfer_object(
            call.work,
            request.inspection_id,
            request.authority_id,
            request.reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.inspection(new, call.principal)

    @write
    def StartInstantInspection(self, request: pb.StartInstantInspectionRequest, call: Call) -> pb.Inspection:
        started = instant.start_instant_inspection(call.work, wire.instant(request), by=call.principal, now=call.now)
        return wire.inspection(started, call.principal)

    @read
    def ListInspectionChanges(
        self, request: pb.ListInspectionChangesRequest, call: Call
    ) -> pb.ListInspectionChangesResponse:
        page = change.list_changes(
            call.work.session,
            wire.change_filter(request),
            call.principal,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return wire.changes(page)

    @read
    def ExportInspectionChanges(self, request: pb.ListInspectionChangesRequest, call: Call) -> HttpBody:
        statement = change.changes_matching(wire.change_filter(request), call.principal)
        return file(sheets.change_sheet(call.work.session, statement), XLSX)

    @write
    def CancelInspection(self, request: pb.CancelInspectionRequest, call: Call) -> pb.Inspection:
        cancelled = replacement.cancel_inspection(
            call.work, request.inspection_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.inspection(cancelled, call.principal)

    @write
    def DiscoverObject(self, request: pb.DiscoverObjectRequest, call: Call) -> pb.Inspection:
        found = wire.discovered(request)
        made = survey.discover_object(call.work, request.inspection_id, found, by=call.principal, now=call.now)
        return wire.inspection(made, call.principal)

    @write
    def RecordInspection(self, request: pb.RecordInspectionRequest, call: Call) -> pb.Inspection:
        entry = wire.entry(request)
        recorded = use_cases.record_inspection(
            call.work, request.inspection_id, entry, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.inspection(recorded, call.principal)

    @write
    def SignInspection(self, request: pb.SignInspectionRequest, call: Call) -> pb.Inspection:
        picture = wire.picture(request)
        signed = use_cases.sign_inspection(
            call.work, request.inspection_id, picture, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.inspection(signed, call.principal)

    @write
    def SignForObject(self, request: pb.SignForObjectRequest, call: Call) -> pb.Inspection:
        signed = use_cases.sign_for_object(
            call.work,
            request.inspection_id,
            request.authority_id,
            wire.signature(request, call.principal, call.now),
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.inspection(signed, call.principal)

    @write
    def ReviewInspection(self, request: pb.ReviewInspectionRequest, call: Call) -> pb.Inspection:
        reviewed = use_cases.review_inspection(
            call.work,
            request.inspection_id,
            wire.decision(request),
            request.reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.inspection(reviewed, call.principal)

    @write
    def PublishInspection(self, request: pb.PublishInspectionRequest, call: Call) -> pb.Inspection:
        published = use_cases.publish_inspection(
            call.work, request.inspection_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.inspection(published, call.principal)

    @write
    def CorrectResult(self, request: pb.CorrectResultRequest, call: Call) -> pb.Inspection:
        entry = wire.entry(request)
        corrected = use_cases.correct_result(
            call.work,
            request.inspection_id,
            entry,
            request.reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.inspection(corrected, call.principal)

    @write
    def RecordRecheck(self, request: pb.RecordRecheckRequest, call: Call) -> pb.Inspection:
        entry = wire.recheck(request)
        rechecked = disposal.record_recheck(
            call.work, request.inspection_id, entry, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.inspection(rechecked, call.principal)

    @write
    def CloseDisposal(self, request: pb.CloseDisposalRequest, call: Call) -> pb.Inspection:
        closed = disposal.close_disposal(
            call.work,
            request.inspection_id,
            request.outcome,
            wire.attachments(request),
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.inspection(closed, call.principal)

    @read
    def GetNotice(self, request: pb.GetNoticeRequest, call: Call) -> HttpBody:
        inspection = _read(call, request.inspection_id)
        task = find_task(call.work, inspection.task_id, lock=False)
        return file(papers.notices(task, [inspection], call.now), PDF)

    @read
    def GetNotices(self, request: pb.GetNoticesRequest, call: Call) -> HttpBody:
        task = find_task(call.work, request.task_id, lock=False)
        require_reader(task, call.principal)
        ids = list(request.inspection_ids)
        chosen = printed.notice_inspections(call.work.session, task.task_id, ids, request.part)
        return file(papers.notices(task, chosen, call.now), PDF)

    @read
    def GetRecordForm(self, request: pb.GetRecordFormRequest, call: Call) -> HttpBody:
        inspection = _read(call, request.inspection_id)
        task = find_task(call.work, inspection.task_id, lock=False)
        authority_id = request.authority_id or call.principal.authority or inspection.authority_id
        return file(papers.record_form(task, inspection, authority_id), PDF)

    @read
    def GetRecordForms(self, request: pb.GetRecordFormsRequest, call: Call) -> HttpBody:
        task = find_task(call.work, request.task_id, lock=False)
        require_reader(task, call.principal)
        authority_id, ids = (
            request.authority_id or call.principal.authority or task.authority_id,
            request.inspection_ids,
        )
        chosen = printed.form_inspections(call.work.session, task.task_id, authority_id, list(ids), request.part)
        return file(papers.record_forms(task, chosen, authority_id), PDF)


def _read(call: Call, inspection_id: str) -> Inspection:
    inspection = call.work.get(Inspection, inspection_id)
    require_inspection_reader(inspection, call.principal)
    return inspection
