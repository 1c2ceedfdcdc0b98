"""HistoriesService."""

from __future__ import annotations

from liangma.codes.v1 import histories_pb2 as pb
from liangma.codes.v1 import histories_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import from_proto, to_proto
from services.chassis.servicing import Call, Servicer, read
from services.codes.queries.code import Sheet
from services.codes.queries.history import list_inspections
from services.codes.servicer.requests import info
from services.codes.use_cases.enterprise import object_for


class HistoriesServicer(Servicer, grpc.HistoriesServiceServicer):
    @read
    def ListMyInspections(self, request: pb.ListMyInspectionsRequest, call: Call) -> pb.ListMyInspectionsResponse:
        object_id = object_for(call.work, call.principal, request.object_id, today(call.now))
        page = list_inspections(call.work.session, object_id, from_proto(request, Sheet))
        inspections = (to_proto(one, pb.InspectionRecord) for one in page.items)
        return pb.ListMyInspectionsResponse(inspections=inspections, page=info(page))
