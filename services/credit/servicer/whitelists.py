"""WhitelistsService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.credit.v1 import whitelists_pb2 as pb
from liangma.credit.v1 import whitelists_pb2_grpc as grpc

from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.credit import wire
from services.credit.queries import sheets
from services.credit.queries import whitelist as queries
from services.credit.tables import whitelists
from services.credit.use_cases import whitelist as use_cases


class WhitelistsServicer(Servicer, grpc.WhitelistsServiceServicer):
    @write
    def ProposeWhitelist(self, request: pb.ProposeWhitelistRequest, call: Call) -> pb.Whitelist:
        entry = wire.whitelist_from_proto(request.whitelist)
        return wire.whitelist_to_proto(use_cases.propose_whitelist(call.work, entry, by=call.principal, now=call.now))

    @read
    def GetWhitelist(self, request: pb.GetWhitelistRequest, call: Call) -> pb.Whitelist:
        entry = queries.get_whitelist(call.work.session, request.whitelist_id, call.principal)
        return wire.whitelist_to_proto(entry)

    @read
    def ListWhitelists(self, request: pb.ListWhitelistsRequest, call: Call) -> pb.ListWhitelistsResponse:
        page = queries.list_whitelists(
            call.work.session,
            from_proto(request, queries.WhitelistFilter),
            call.principal,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        entries = map(wire.whitelist_to_proto, page.items)
        return pb.ListWhitelistsResponse(whitelists=entries, page=wire.page_to_proto(page))

    @read
    def ExportWhitelists(self, request: pb.ListWhitelistsRequest, call: Call) -> HttpBody:
        shown = queries.shown_whitelists(from_proto(request, queries.WhitelistFilter), call.principal)
        return sheets.sheet(call.work.session, shown, [whitelists.c.whitelist_id], sheets.WHITELISTS)

    @write
    def ApproveWhitelist(self, request: pb.ApproveWhitelistRequest, call: Call) -> pb.Whitelist:
        approved = use_cases.approve_whitelist(
            call.work, request.whitelist_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.whitelist_to_proto(approved)

    @write
    def DeclineWhitelist(self, request: pb.DeclineWhitelistRequest, call: Call) -> pb.Whitelist:
        declined = use_cases.decline_whitelist(
            call.work, request.whitelist_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.whitelist_to_proto(declined)

    @write
    def EndWhitelist(self, request: pb.EndWhitelistRequest, call: Call) -> pb.Whitelist:
        ended = use_cases.end_whitelist(
            call.work, request.whitelist_id, request.reason, etag=request.etag, by=call.principal
        )
        return wire.whitelist_to_proto(ended)
