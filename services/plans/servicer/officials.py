"""OfficialsService."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from liangma.plans.v1 import officials_pb2 as pb
from liangma.plans.v1 import officials_pb2_grpc as grpc
from liangma.type.v1 import import_pb2
from sqlalchemy import Select

from services.chassis import sheets
from services.chassis.clock import today
from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.official import OfficialContent
from services.plans.queries import official as queries
from services.plans.queries import official_columns as columns
from services.plans.queries.filters import total
from services.plans.queries.version_columns import official_version_columns
from services.plans.tables import official_versions, officials
from services.plans.use_cases import official as use_cases
from services.plans.use_cases.import_officials import OfficialRow, import_officials


class OfficialsServicer(Servicer, grpc.OfficialsServiceServicer):
    @write
    def RegisterOfficial(self, request: pb.RegisterOfficialRequest, call: Call) -> pb.Official:
        new, day = request.official, today(call.now)
        content = from_proto(new, OfficialContent)
        made = use_cases.register_official(
            call.work, new.subject, new.authority_id, content, by=call.principal, day=day
        )
        return wire.official_to_proto(made, day)

    @read
    def GetOfficial(self, request: pb.GetOfficialRequest, call: Call) -> pb.Official:
        official = use_cases.seen_official(call.work, request.official_id, by=call.principal)
        return wire.official_to_proto(official, today(call.now))

    @read
    def ListOfficials(self, request: pb.ListOfficialsRequest, call: Call) -> pb.ListOfficialsResponse:
        shown, session = _shown(request, call), call.work.session
        page = queries.list_officials(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = [wire.official_to_proto(row, today(call.now)) for row in page.items]
        return pb.ListOfficialsResponse(officials=rows, page=wire.page_to_proto(page), total_size=total(session, shown))

    @write
    def UpdateOfficial(self, request: pb.UpdateOfficialRequest, call: Call) -> pb.Official:
        new = request.official
        official_id = wire.id_of(new, "official_id", within="official")
        changes = wire.changes(new, request.update_mask, OfficialContent)
        changed = use_cases.update_official(call.work, official_id, changes, etag=request.etag, by=call.principal)
        return wire.official_to_proto(changed, today(call.now))

    @write
    def RetireOfficial(self, request: pb.RetireOfficialRequest, call: Call) -> pb.Official:
        retired = use_cases.retire_official(call.work, request.official_id, etag=request.etag, by=call.principal)
        return wire.official_to_proto(retired, today(call.now))

    @read
    def ListOfficialVersions(
        self, request: pb.ListOfficialVersionsRequest, call: Call
    ) -> pb.ListOfficialVersionsResponse:
        official = use_cases.seen_official(call.work, request.official_id, by=call.principal)
        page = queries.list_versions(
            call.work.session, request.official_id, page_size=request.page_size, page_token=request.page_token
        )
        rows = [wire.official_version_to_proto(official, version) for version in page.items]
        return pb.ListOfficialVersionsResponse(versions=rows, page=wire.page_to_proto(page))

    @read
    def ExportOfficialVersions(self, request: pb.ListOfficialVersionsRequest, call: Call) -> HttpBody:
        official = use_cases.seen_official(call.work, request.official_id, by=call.principal)
        newest_first = [official_versions.c.version.desc()]
        shown, heads = queries.versions(request.official_id), official_version_columns(official)
        data = sheets.sheet(call.work.session, shown, newest_first, heads)
        return HttpBody(content_type=sheets.XLSX, data=data)

    @write
    def ImportOfficials(self, request: pb.ImportOfficialsRequest, call: Call) -> import_pb2.ImportReport:
        rows = [from_proto(row, OfficialRow) for row in request.rows]
        report = import_officials(call.work, rows, by=call.principal, day=today(call.now))
        return wire.report_to_proto(report)

    @read
    def ExportOfficials(self, request: pb.ListOfficialsRequest, call: Call) -> HttpBody:
        order = [officials.c.authority_id, officials.c.official_id]
        data = sheets.sheet(call.work.session, _shown(request, call), order, columns.OFFICIAL_COLUMNS)
        return HttpBody(content_type=sheets.XLSX, data=data)


def _shown(request: pb.ListOfficialsRequest, call: Call) -> Select[Any]:
    wanted = from_proto(request, queries.OfficialFilter)
    authority_id = use_cases.officials_shown_to(wanted.authority_id, call.principal)
    return replace(wanted, authority_id=authority_id).applied()
