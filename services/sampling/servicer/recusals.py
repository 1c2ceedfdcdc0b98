"""Recusals over gRPC."""

from __future__ import annotations

from liangma.sampling.v1 import sampling_pb2 as pb
from liangma.sampling.v1 import sampling_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import enum_name
from services.chassis.servicing import Call, Servicer, read, write
from services.sampling.queries import inspectors as queries
from services.sampling.servicer.pages import page_info
from services.sampling.use_cases import recusals
from services.sampling.use_cases.access import require_account
from services.sampling.wire import directories as wire


class RecusalsServicer(Servicer, grpc.RecusalsServiceServicer):
    """Recusals."""

    @write
    def DeclareRecusal(self, request: pb.DeclareRecusalRequest, call: Call) -> pb.Recusal:
        require_account(call.work, call.principal, today(call.now))
        given = request.recusal
        kind = wire.recusal_kind(given.kind)
        declared = recusals.declare_recusal(
            call.work, given.certificate, given.object_id, kind, given.detail, by=call.principal
        )
        return wire.recusal_to_proto(declared)

    @write
    def WithdrawRecusal(self, request: pb.WithdrawRecusalRequest, call: Call) -> pb.Recusal:
        recusal = recusals.withdraw_recusal(
            call.work, request.recusal_id, request.reason, etag=request.etag, by=call.principal
        )
        return wire.recusal_to_proto(recusal)

    @read
    def GetRecusal(self, request: pb.GetRecusalRequest, call: Call) -> pb.Recusal:
        found = queries.get_recusal(call.work.session, request.recusal_id, authority=_limit(call))
        return wire.recusal_to_proto(found)

    @read
    def ListRecusals(self, request: pb.ListRecusalsRequest, call: Call) -> pb.ListRecusalsResponse:
        page = queries.list_recusals(
            call.work.session,
            authority=_limit(call),
            certificate=request.certificate,
            object_id=request.object_id,
            state=enum_name(pb.RecusalState.DESCRIPTOR, request.state),
            origin=enum_name(pb.RecusalOrigin.DESCRIPTOR, request.origin),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return pb.ListRecusalsResponse(
            recusals=map(wire.recusal_to_proto, page.items), page=page_info(page.next_page_token)
        )


def _limit(call: Call) -> str | None:
    """The authority a caller's view of recusals is limited to; None: not limited."""
    return None if recusals.sees_all(call.principal) else call.principal.authority
