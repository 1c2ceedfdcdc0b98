"""WarningsService."""

from __future__ import annotations

from collections.abc import Sequence

from liangma.codes.v1 import warnings_pb2 as pb
from liangma.codes.v1 import warnings_pb2_grpc as grpc

from services.chassis.convert import from_proto, to_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.codes.model.warning import Warning as RaisedWarning
from services.codes.queries.code import Sheet
from services.codes.queries.names import object_names
from services.codes.queries.warning import WarningFilter, list_warnings
from services.codes.servicer.requests import info
from services.codes.use_cases import warning


class WarningsServicer(Servicer, grpc.WarningsServiceServicer):
    @read
    def GetWarning(self, request: pb.GetWarningRequest, call: Call) -> pb.Warning:
        return _shown([warning.readable_warning(call.work, request.warning_id, by=call.principal)], call)[0]

    @read
    def ListWarnings(self, request: pb.ListWarningsRequest, call: Call) -> pb.ListWarningsResponse:
        filter, sheet = from_proto(request, WarningFilter), from_proto(request, Sheet)
        page = list_warnings(call.work.session, filter, sheet, by=call.principal)
        return pb.ListWarningsResponse(warnings=_shown(page.items, call), page=info(page))

    @write
    def HandleWarning(self, request: pb.HandleWarningRequest, call: Call) -> pb.Warning:
        handled = warning.handle_warning(
            call.work, request.warning_id, request.note, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown([handled], call)[0]


def _shown(warnings: Sequence[RaisedWarning], call: Call) -> list[pb.Warning]:
    names = object_names(call.work.session, (one.object_id for one in warnings))
    return [to_proto(one, pb.Warning, object_name=names.get(one.object_id, "")) for one in warnings]
