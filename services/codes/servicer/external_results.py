"""ExternalResultsService."""

from __future__ import annotations

from liangma.codes.v1 import external_results_pb2 as pb
from liangma.codes.v1 import external_results_pb2_grpc as grpc

from services.chassis.convert import from_proto, to_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.codes.queries.code import Sheet
from services.codes.queries.external_result import list_external_results
from services.codes.servicer.requests import info
from services.codes.use_cases.external_result import Pushed, push_external_result


class ExternalResultsServicer(Servicer, grpc.ExternalResultsServiceServicer):
    @write
    def PushExternalResult(self, request: pb.PushExternalResultRequest, call: Call) -> pb.ExternalResult:
        pushed = from_proto(request, Pushed)
        return to_proto(push_external_result(call.work, pushed, by=call.principal, now=call.now), pb.ExternalResult)

    @read
    def ListExternalResults(self, request: pb.ListExternalResultsRequest, call: Call) -> pb.ListExternalResultsResponse:
        sheet = from_proto(request, Sheet)
        session, by = call.work.session, call.principal
        page = list_external_results(session, request.code_id, request.authority_id, sheet, by=by)
        results = (to_proto(one, pb.ExternalResult) for one in page.items)
        return pb.ListExternalResultsResponse(results=results, page=info(page))
