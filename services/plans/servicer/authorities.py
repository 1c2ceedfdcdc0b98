"""AuthoritiesService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.plans.v1 import authorities_pb2 as pb
from liangma.plans.v1 import authorities_pb2_grpc as grpc
from liangma.type.v1 import import_pb2
from sqlalchemy import ColumnElement

from services.chassis import sheets
from services.chassis.clock import today
from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.authority import Authority, AuthorityContent
from services.plans.queries import authority as queries
from services.plans.queries import columns
from services.plans.queries.filters import total
from services.plans.queries.version_columns import authority_version_columns
from services.plans.tables import authorities, authority_versions
from services.plans.use_cases import authority as use_cases
from services.plans.use_cases.import_authorities import AuthorityRow, import_authorities

WHO_SEE_ALL = {"administrator", "supervisor"}


class AuthoritiesServicer(Servicer, grpc.AuthoritiesServiceServicer):
    @write
    def CreateAuthority(self, request: pb.CreateAuthorityRequest, call: Call) -> pb.Authority:
        new = request.authority
        content, payment = from_proto(new, AuthorityContent), wire.payment_from_proto(new.payment)
        return _shown(use_cases.create_authority(call.work, new.authority_id, content, payment), call)

    @read
    def GetAuthority(self, request: pb.GetAuthorityRequest, call: Call) -> pb.Authority:
        return _shown(call.work.get(Authority, request.authority_id), call)

    @read
    def ListAuthorities(self, request: pb.ListAuthoritiesRequest, call: Call) -> pb.ListAuthoritiesResponse:
        shown, session = from_proto(request, queries.AuthorityFilter).applied(), call.work.session
        page = queries.list_authorities(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = [wire.authority_to_proto(row, today(call.now), with_payment=False) for row in page.items]
        return pb.ListAuthoritiesResponse(
            authorities=rows, page=wire.page_to_proto(page), total_size=total(session, shown)
        )

    @read
    def ListAuthorityVersions(
        self, request: pb.ListAuthorityVersionsRequest, call: Call
    ) -> pb.ListAuthorityVersionsResponse:
        authority = call.work.get(Authority, request.authority_id)
        page = queries.list_versions(
            call.work.session, request.authority_id, page_size=request.page_size, page_token=request.page_token
        )
        rows = [wire.authority_version_to_proto(authority, version, today(call.now)) for version in page.items]
        return pb.ListAuthorityVersionsResponse(versions=rows, page=wire.page_to_proto(page))

    @read
    def ExportAuthorityVersions(self, request: pb.ListAuthorityVersionsRequest, call: Call) -> HttpBody:
        call.work.get(Authority, request.authority_id)
        shown, newest_first = queries.versions(request.authority_id), [authority_versions.c.version.desc()]
        data = sheets.sheet(call.work.session, shown, newest_first, authority_version_columns())
        return HttpBody(content_type=sheets.XLSX, data=data)

    @write
    def UpdateAuthority(self, request: pb.UpdateAuthorityRequest, call: Call) -> pb.Authority:
        new = request.authority
        changes = wire.changes(new, request.update_mask, AuthorityContent)
        return _shown(
            use_cases.update_authority(
                call.work, wire.id_of(new, "authority_id", within="authority"), changes, etag=request.etag
            ),
            call,
        )

    @write
    def UpdatePayment(self, request: pb.UpdatePaymentRequest, call: Call) -> pb.Authority:
        payment = wire.payment_from_proto(request.payment)
        changed = use_cases.update_payment(
            call.work, request.authority_id, payment, etag=request.etag, by=call.principal
        )
        return _shown(changed, call)

    @write
    def ImportAuthorities(self, request: pb.ImportAuthoritiesRequest, call: Call) -> import_pb2.ImportReport:
        rows = [from_proto(row, AuthorityRow) for row in request.rows]
        return wire.report_to_proto(import_authorities(call.work, rows))

    @read
    def GetCompleteness(self, request: pb.GetCompletenessRequest, call: Call) -> pb.GetCompletenessResponse:
        found = queries.completeness(
            call.work.session,
            _looked_at(request, call),
            today(call.now),
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return wire.completeness_to_proto(found, found.page)

    @read
    def ExportCompleteness(self, request: pb.GetCompletenessRequest, call: Call) -> HttpBody:
        day = today(call.now)
        lacking = queries.incomplete(_looked_at(request, call), day)
        found = sheets.found(call.work.session, lacking, [authorities.c.authority_id])
        rows = [queries.lack(authority, day) for authority in found]
        return HttpBody(content_type=sheets.XLSX, data=sheets.sheet_of(columns.completeness_columns(), rows))

    @read
    def ExportAuthorities(self, request: pb.ListAuthoritiesRequest, call: Call) -> HttpBody:
        shown = from_proto(request, queries.AuthorityFilter).applied()
        heads = columns.authority_columns(with_payment=not WHO_SEE_ALL.isdisjoint(call.principal.roles))
        data = sheets.sheet(call.work.session, shown, [authorities.c.authority_id], heads)
        return HttpBody(content_type=sheets.XLSX, data=data)


def _shown(authority: Authority, call: Call) -> pb.Authority:
    principal = call.principal
    with_payment = principal.authority == authority.authority_id or not WHO_SEE_ALL.isdisjoint(principal.roles)
    return wire.authority_to_proto(authority, today(call.now), with_payment=with_payment)


def _looked_at(request: pb.GetCompletenessRequest, call: Call) -> list[ColumnElement[bool]]:
    sees_all = not WHO_SEE_ALL.isdisjoint(call.principal.roles)
    below = "" if sees_all else use_cases.own_authority(call.work, call.principal).authority_id
    return queries.scope_of_report(request.region, request.domain, below=below)
