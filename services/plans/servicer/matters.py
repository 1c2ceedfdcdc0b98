"""MattersService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.plans.v1 import matters_pb2 as pb
from liangma.plans.v1 import matters_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis import sheets
from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.matter import Matter, MatterContent
from services.plans.queries import columns
from services.plans.queries import matter as queries
from services.plans.queries.filters import total
from services.plans.queries.version_columns import matter_version_columns
from services.plans.tables import matter_versions, matters
from services.plans.use_cases import matter as use_cases
from services.plans.use_cases.import_matters import MatterRow, import_matters


class MattersServicer(Servicer, grpc.MattersServiceServicer):
    @write
    def CreateMatter(self, request: pb.CreateMatterRequest, call: Call) -> pb.Matter:
        content = from_proto(request.matter, MatterContent)
        made = use_cases.create_matter(call.work, request.matter.matter_id, content, by=call.principal, now=call.now)
        return wire.matter_to_proto(made)

    @read
    def GetMatter(self, request: pb.GetMatterRequest, call: Call) -> pb.Matter:
        matter = call.work.get(Matter, request.matter_id)
        if not request.version:
            return wire.matter_to_proto(matter)
        version = queries.version(call.work.session, request.matter_id, request.version)
        return wire.matter_version_to_proto(matter, version)

    @read
    def ListMatters(self, request: pb.ListMattersRequest, call: Call) -> pb.ListMattersResponse:
        shown, session = from_proto(request, queries.MatterFilter).applied(), call.work.session
        page = queries.list_matters(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = map(wire.matter_to_proto, page.items)
        return pb.ListMattersResponse(matters=rows, page=wire.page_to_proto(page), total_size=total(session, shown))

    @read
    def ListMatterVersions(self, request: pb.ListMatterVersionsRequest, call: Call) -> pb.ListMatterVersionsResponse:
        matter = call.work.get(Matter, request.matter_id)
        page = queries.list_versions(
            call.work.session, request.matter_id, page_size=request.page_size, page_token=request.page_token
        )
        rows = [wire.matter_version_to_proto(matter, version) for version in page.items]
        return pb.ListMatterVersionsResponse(versions=rows, page=wire.page_to_proto(page))

    @read
    def ExportMatterVersions(self, request: pb.ListMatterVersionsRequest, call: Call) -> HttpBody:
        call.work.get(Matter, request.matter_id)
        shown, newest_first = queries.versions(request.matter_id), [matter_versions.c.version.desc()]
        data = sheets.sheet(call.work.session, shown, newest_first, matter_version_columns())
        return HttpBody(content_type=sheets.XLSX, data=data)

    @write
    def UpdateMatter(self, request: pb.UpdateMatterRequest, call: Call) -> pb.Matter:
        new = request.matter
        changes = wire.changes(new, request.update_mask, MatterContent)
        changed = use_cases.update_matter(
            call.work,
            wire.id_of(new, "matter_id", within="matter"),
            changes,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.matter_to_proto(changed)

    @write
    def RetireMatter(self, request: pb.RetireMatterRequest, call: Call) -> pb.Matter:
        retired = use_cases.retire_matter(
            call.work, request.matter_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.matter_to_proto(retired)

    @write
    def ClaimMatter(self, request: pb.ClaimMatterRequest, call: Call) -> pb.Matter:
        claimed = use_cases.claim_matter(
            call.work, request.matter_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.matter_to_proto(claimed)

    @write
    def UnclaimMatter(self, request: pb.UnclaimMatterRequest, call: Call) -> pb.Matter:
        given_back = use_cases.unclaim_matter(
            call.work, request.matter_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.matter_to_proto(given_back)

    @write
    def ImportMatters(self, request: pb.ImportMattersRequest, call: Call) -> import_pb2.ImportReport:
        rows = [from_proto(row, MatterRow) for row in request.rows]
        return wire.report_to_proto(import_matters(call.work, rows, by=call.principal, now=call.now))

    @read
    def GetMatterCompleteness(
        self, request: pb.GetMatterCompletenessRequest, call: Call
    ) -> pb.GetMatterCompletenessResponse:
        looked_at = queries.scope_of_report(request.domain, random_eligible=request.random_eligible)
        found = queries.completeness(
            call.work.session, looked_at, page_size=request.page_size, page_token=request.page_token
        )
        return wire.matter_completeness_to_proto(found)

    @read
    def ExportMatterCompleteness(self, request: pb.GetMatterCompletenessRequest, call: Call) -> HttpBody:
        looked_at = queries.scope_of_report(request.domain, random_eligible=request.random_eligible)
        heads = columns.matter_completeness_columns()
        data = sheets.sheet(call.work.session, queries.incomplete(looked_at), [matters.c.matter_id], heads)
        return HttpBody(content_type=sheets.XLSX, data=data)

    @read
    def ExportMatters(self, request: pb.ListMattersRequest, call: Call) -> HttpBody:
        shown = from_proto(request, queries.MatterFilter).applied()
        data = sheets.sheet(call.work.session, shown, [matters.c.matter_id], columns.matter_columns())
        return HttpBody(content_type=sheets.XLSX, data=data)
