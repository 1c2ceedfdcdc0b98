"""Announced commitments over gRPC, for everybody."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.sampling.v1 import commitments_pb2 as pb
from liangma.sampling.v1 import commitments_pb2_grpc as grpc
from liangma.sampling.v1 import sampling_pb2

from services.chassis.convert import enum_name
from services.chassis.servicing import Call, Servicer, read
from services.sampling.queries import commitments as queries
from services.sampling.queries.draws import Where, file_of, find_draw
from services.sampling.servicer.draws import JSON
from services.sampling.servicer.pages import page_info
from services.sampling.use_cases.abandoning import RECORD
from services.sampling.wire import commitments as wire


class CommitmentsServicer(Servicer, grpc.CommitmentsServiceServicer):
    """Announced commitments (承诺公告)."""

    @read
    def GetCommitment(self, request: pb.GetCommitmentRequest, call: Call) -> pb.Commitment:
        draw = find_draw(call.work.session, request.draw_id)
        return wire.commitment_to_proto(draw, draw.committed_round(request.round))

    @read
    def ListCommitments(self, request: pb.ListCommitmentsRequest, call: Call) -> pb.ListCommitmentsResponse:
        equal: dict[str, object] = {
            "draw_id": request.draw_id,
            "authority_id": request.authority_id,
            "state": enum_name(sampling_pb2.DrawState.DESCRIPTOR, request.state),
        }
        where = Where(request.page_size, request.page_token)
        page = queries.list_announcements(call.work.session, equal, where)
        return pb.ListCommitmentsResponse(
            commitments=map(wire.listed_to_proto, page.items), page=page_info(page.next_page_token)
        )

    @read
    def GetAbandonment(self, request: pb.GetAbandonmentRequest, call: Call) -> HttpBody:
        number = find_draw(call.work.session, request.draw_id).abandoned_round(request.round).number
        content = file_of(call.work.session, f"{request.draw_id}/{number}", RECORD)
        return HttpBody(content_type=JSON, data=content)
