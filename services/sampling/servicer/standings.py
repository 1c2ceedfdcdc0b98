"""How an object stands in draws, over gRPC."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.sampling.v1 import standings_pb2 as pb
from liangma.sampling.v1 import standings_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.servicing import Call, Servicer, read
from services.sampling.queries import standings as queries
from services.sampling.queries.draws import Where
from services.sampling.servicer.pages import page_info
from services.sampling.wire.standings import standing_to_proto


class StandingsServicer(Servicer, grpc.StandingsServiceServicer):
    """“Why me?”"""

    @read
    def ListDrawStandings(self, request: pb.ListDrawStandingsRequest, call: Call) -> pb.ListDrawStandingsResponse:
        object_id = queries.object_asked_for(call.work.session, request.object_id, call.principal, today(call.now))
        where = Where(request.page_size, request.page_token)
        page = queries.list_standings(call.work.session, object_id, request.year, call.principal, where)
        return pb.ListDrawStandingsResponse(
            standings=map(standing_to_proto, page.items), page=page_info(page.next_page_token)
        )

    @read
    def GetDrawStanding(self, request: pb.GetDrawStandingRequest, call: Call) -> pb.DrawStanding:
        object_id = queries.object_asked_for(call.work.session, request.object_id, call.principal, today(call.now))
        found = queries.get_standing(call.work.session, request.draw_id, request.round, object_id, call.principal)
        return standing_to_proto(found)

    @read
    def GetDrawProof(self, request: pb.GetDrawProofRequest, call: Call) -> HttpBody:
        data = queries.get_proof(call.work.session, request.draw_id, request.round, request.object_id)
        return HttpBody(content_type="application/json", data=data)
