"""The inspector directory over gRPC."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.sampling.v1 import sampling_pb2 as pb
from liangma.sampling.v1 import sampling_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis.clock import today
from services.chassis.convert import enum_name
from services.chassis.runtime import Runtime
from services.chassis.servicing import Call, Servicer, read, write
from services.chassis.sheets import XLSX, workbook
from services.sampling.gazetteer import regions
from services.sampling.model.inspector import Inspector
from services.sampling.queries import inspectors as queries
from services.sampling.servicer.pages import page_info
from services.sampling.use_cases import inspectors
from services.sampling.use_cases.access import require_account
from services.sampling.wire import directories as wire

HEADER = ("证件号", "姓名", "所属机构", "区划", "有效期至", "领域", "资质", "专家", "曾任职单位", "可抽取")


class InspectorsServicer(Servicer, grpc.InspectorsServiceServicer):
    """The inspector directory."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._regions = regions()

    @write
    def CreateInspector(self, request: pb.CreateInspectorRequest, call: Call) -> pb.Inspector:
        facts = wire.inspector_from_proto(request.inspector)
        return _entered(inspectors.create_inspector(call.work, facts, self._regions, by=call.principal), call)

    @write
    def UpdateInspector(self, request: pb.UpdateInspectorRequest, call: Call) -> pb.Inspector:
        known = inspectors.update_inspector(
            call.work,
            request.certificate,
            wire.inspector_from_proto(request.inspector),
            self._regions,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return _entered(known, call)

    @write
    def RetireInspector(self, request: pb.RetireInspectorRequest, call: Call) -> pb.Inspector:
        known = inspectors.retire_inspector(
            call.work, request.certificate, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return _entered(known, call)

    @write
    def ImportInspectors(self, request: pb.ImportInspectorsRequest, call: Call) -> import_pb2.ImportReport:
        report = inspectors.import_inspectors(call.work, request.rows, self._regions, by=call.principal, now=call.now)
        return wire.report_to_proto(report)

    @read
    def GetInspector(self, request: pb.GetInspectorRequest, call: Call) -> pb.Inspector:
        require_account(call.work, call.principal, today(call.now))
        return wire.inspector_to_proto(call.work.get(Inspector, request.certificate), today(call.now))

    @read
    def ListInspectors(self, request: pb.ListInspectorsRequest, call: Call) -> pb.ListInspectorsResponse:
        require_account(call.work, call.principal, today(call.now))
        page = queries.list_inspectors(
            call.work.session,
            _filters(request, call),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        shown = [wire.inspector_to_proto(each, today(call.now)) for each in page.items]
        return pb.ListInspectorsResponse(inspectors=shown, page=page_info(page.next_page_token))

    @read
    def ListInspectorRevisions(
        self, request: pb.ListInspectorRevisionsRequest, call: Call
    ) -> pb.ListInspectorRevisionsResponse:
        call.work.get(Inspector, request.certificate)
        page = queries.list_revisions(
            call.work.session, request.certificate, page_size=request.page_size, page_token=request.page_token
        )
        shown = map(wire.inspector_revision_to_proto, page.items)
        return pb.ListInspectorRevisionsResponse(revisions=shown, page=page_info(page.next_page_token))

    @read
    def ExportInspectors(self, request: pb.ExportInspectorsRequest, call: Call) -> HttpBody:
        day = today(call.now)
        rows = (
            (
                each.certificate,
                each.name,
                each.authority_id,
                each.region,
                each.valid_until,
                "、".join(each.domains),
                "、".join(each.qualifications),
                "是" if each.expert else "",
                "、".join(each.earlier_employers),
                "是" if each.drawable(day) else "否",
            )
            for each in queries.all_inspectors(call.work.session, _filters(request, call))
        )
        return HttpBody(content_type=XLSX, data=workbook("执法检查人员名录库", HEADER, rows))


def _filters(request: pb.ListInspectorsRequest | pb.ExportInspectorsRequest, call: Call) -> queries.Filters:
    return queries.Filters(
        query=request.query,
        authority_id=request.authority_id,
        region=request.region,
        domain=request.domain,
        drawable_on=today(call.now) if request.drawable_only else None,
        qualification=request.qualification,
        experts_only=request.experts_only,
        day=today(call.now),
        standing=enum_name(pb.CertificateStanding.DESCRIPTOR, request.standing),
        expiring_within=max(0, min(request.expiring_within_days, 36_500)),
    )


def _entered(inspector: Inspector, call: Call) -> pb.Inspector:
    return wire.inspector_to_proto(inspector, today(call.now))
