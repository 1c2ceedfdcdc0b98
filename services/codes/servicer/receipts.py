"""ReceiptsService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.codes.v1 import receipts_pb2 as pb
from liangma.codes.v1 import receipts_pb2_grpc as grpc

from services.chassis.servicing import Call, Servicer, read
from services.codes import receipt
from services.codes.office import office
from services.codes.picture import draw
from services.codes.queries.receipt import SeenReceipt, check_receipt
from services.codes.use_cases.receipt import verified_visit
from services.codes.wire import code as wire
from services.codes.wire.receipt import check_to_proto, receipt_to_proto


class ReceiptsServicer(Servicer, grpc.ReceiptsServiceServicer):
    @read
    def GetReceipt(self, request: pb.GetReceiptRequest, call: Call) -> pb.Receipt:
        visit = verified_visit(call.work, request.visit_id, by=call.principal, now=call.now)
        said = office(self.runtime).reader(call.work.session)(visit.receipt, receipt.decode_and_verify)
        return receipt_to_proto(SeenReceipt.of(call.work.session, said, call.now), visit.receipt)

    @read
    def GetReceiptPicture(self, request: pb.GetReceiptPictureRequest, call: Call) -> HttpBody:
        visit = verified_visit(call.work, request.visit_id, by=call.principal, now=call.now)
        return wire.picture_to_proto(draw(visit.receipt, wire.picture_format(request.format), request.scale))

    @read
    def CheckReceipt(self, request: pb.CheckReceiptRequest, call: Call) -> pb.ReceiptCheck:
        reader = office(self.runtime).reader(call.work.session)
        said = check_receipt(call.work.session, lambda: reader(request.text, receipt.decode_and_verify), call.now)
        return check_to_proto(said)
