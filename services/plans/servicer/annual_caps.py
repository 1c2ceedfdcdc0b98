"""AnnualCapsService."""

from __future__ import annotations

from liangma.plans.v1 import annual_caps_pb2 as pb
from liangma.plans.v1 import annual_caps_pb2_grpc as grpc

from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.annual_cap import AnnualCap
from services.plans.queries import annual_cap as queries
from services.plans.use_cases import annual_cap as use_cases


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
        page = queries.list_annual_caps(
            call.work.session,
            year=request.year,
            authority_id=request.authority_id,
            region=request.region,
            matter_id=request.matter_id,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = map(wire.annual_cap_to_proto, page.items)
        return pb.ListAnnualCapsResponse(annual_caps=rows, page=wire.page_to_proto(page))

    @write
    def UpdateAnnualCap(self, request: pb.UpdateAnnualCapRequest, call: Call) -> pb.AnnualCap:
        new = request.annual_cap
        visits = new.visits if new.HasField("visits") else None
        annual_cap_id = wire.id_of(new, "annual_cap_id", within="annual_cap")
        changed = use_cases.update_annual_cap(call.work, annual_cap_id, visits, etag=request.etag)
        return wire.annual_cap_to_proto(changed)
