"""AnnualCapsService."""

from __future__ import annotations

from dataclasses import replace

from google.api.httpbody_pb2 import HttpBody
from liangma.plans.v1 import annual_caps_pb2 as pb
from liangma.plans.v1 import annual_caps_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis import sheets
from services.chassis.clock import today
from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.annual_cap import AnnualCap
from services.plans.queries import annual_cap as queries
from services.plans.queries import columns
from services.plans.queries.filters import total
from services.plans.queries.version_columns import annual_cap_version_columns
from services.plans.tables import annual_cap_versions, annual_caps
from services.plans.use_cases import annual_cap as use_cases
from services.plans.use_cases.import_annual_caps import AnnualCapRow, import_annual_caps


class AnnualCapsServicer(Servicer, grpc.AnnualCapsServiceServicer):
    @write
    def CreateAnnualCap(self, request: pb.CreateAnnualCapRequest, call: Call) -> pb.AnnualCap:
        new = wire.annual_cap_from_proto(request.annual_cap)
        return wire.annual_cap_to_proto(use_cases.create_annual_cap(call.work, new))

    @read
    def GetAnnualCap(self, request: pb.GetAnnualCapRequest, call: Call) -> pb.AnnualCap:
        return wire.annual_cap_to_proto(call.work.get(AnnualCap, request.annual_cap_id))

    @read
    def ListAnnualCaps(self, request: pb.ListAnnualCapsRequest, call: Call) -> pb.ListAnnualCapsResponse:
        shown, session = from_proto(request, queries.AnnualCapFilter).applied(), call.work.session
        page = queries.list_annual_caps(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = map(wire.annual_cap_to_proto, page.items)
        return pb.ListAnnualCapsResponse(
            annual_caps=rows, page=wire.page_to_proto(page), total_size=total(session, shown)
        )

    @read
    def ListAnnualCapVersions(
        self, request: pb.ListAnnualCapVersionsRequest, call: Call
    ) -> pb.ListAnnualCapVersionsResponse:
        annual_cap = call.work.get(AnnualCap, request.annual_cap_id)
        page = queries.list_versions(
            call.work.session, request.annual_cap_id, page_size=request.page_size, page_token=request.page_token
        )
        rows = [wire.annual_cap_version_to_proto(annual_cap, version) for version in page.items]
        return pb.ListAnnualCapVersionsResponse(versions=rows, page=wire.page_to_proto(page))

    @read
    def ExportAnnualCapVersions(self, request: pb.ListAnnualCapVersionsRequest, call: Call) -> HttpBody:
        cap = call.work.get(AnnualCap, request.annual_cap_id)
        shown, newest_first = queries.versions(request.annual_cap_id), [annual_cap_versions.c.version.desc()]
        data = sheets.sheet(call.work.session, shown, newest_first, annual_cap_version_columns(cap))
        return HttpBody(content_type=sheets.XLSX, data=data)

    @write
    def UpdateAnnualCap(self, request: pb.UpdateAnnualCapRequest, call: Call) -> pb.AnnualCap:
        new = request.annual_cap
        visits = new.visits if new.HasField("visits") else None
        annual_cap_id = wire.id_of(new, "annual_cap_id", within="annual_cap")
        changed = use_cases.update_annual_cap(call.work, annual_cap_id, visits, etag=request.etag)
        return wire.annual_cap_to_proto(changed)

    @write
    def LiftAnnualCap(self, request: pb.LiftAnnualCapRequest, call: Call) -> pb.AnnualCap:
        lifted = use_cases.lift_annual_cap(call.work, request.annual_cap_id, etag=request.etag)
        return wire.annual_cap_to_proto(lifted)

    @read
    def GetEffectiveCap(self, request: pb.GetEffectiveCapRequest, call: Call) -> pb.EffectiveCap:
        authority_id = request.authority_id or call.principal.authority
        year = request.year or today(call.now).year
        return wire.effective_cap_to_proto(use_cases.effective_cap(call.work, authority_id, year, request.matter_id))

    @write
    def ImportAnnualCaps(self, request: pb.ImportAnnualCapsRequest, call: Call) -> import_pb2.ImportReport:
        rows = [from_proto(row, AnnualCapRow) for row in request.rows]
        return wire.report_to_proto(import_annual_caps(call.work, rows))

    @read
    def ExportAnnualCaps(self, request: pb.ListAnnualCapsRequest, call: Call) -> HttpBody:
        standing = replace(from_proto(request, queries.AnnualCapFilter), include_lifted=False)
        order = [annual_caps.c.year, annual_caps.c.annual_cap_id]
        data = sheets.sheet(call.work.session, standing.applied(), order, columns.annual_cap_columns())
        return HttpBody(content_type=sheets.XLSX, data=data)
