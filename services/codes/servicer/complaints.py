"""ComplaintsService."""

from __future__ import annotations

from liangma.codes.v1 import complaints_pb2 as pb
from liangma.codes.v1 import complaints_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import enum_name, from_proto, to_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.codes.model.complaint import Complaint, ComplaintKind
from services.codes.queries.code import Sheet
from services.codes.queries.warning import ComplaintFilter, list_complaints
from services.codes.servicer.requests import day, info, kept_attachment
from services.codes.use_cases import complaint
from services.codes.use_cases.enterprise import objects_of


class ComplaintsServicer(Servicer, grpc.ComplaintsServiceServicer):
    @write
    def FileComplaint(self, request: pb.FileComplaintRequest, call: Call) -> pb.Complaint:
        told = request.complaint
        attachments = (
            kept_attachment(call, f"complaint.attachments[{place}]", one) for place, one in enumerate(told.attachments)
        )
        filed = complaint.file_complaint(
            call.work,
            told.authority_id,
            ComplaintKind(enum_name(pb.ComplaintKind.DESCRIPTOR, told.kind) or ComplaintKind.OTHER),
            told.text,
            told.object_id,
            told.code_id,
            day("complaint.happened_on", told.happened_on),
            tuple(attachments),
            by=call.principal,
            now=call.now,
        )
        return _shown(filed, call)

    @read
    def GetComplaint(self, request: pb.GetComplaintRequest, call: Call) -> pb.Complaint:
        found = complaint.readable_complaint(call.work, request.complaint_id, by=call.principal, now=call.now)
        return _shown(found, call)

    @read
    def ListComplaints(self, request: pb.ListComplaintsRequest, call: Call) -> pb.ListComplaintsResponse:
        filter, sheet = from_proto(request, ComplaintFilter), from_proto(request, Sheet)
        objects = objects_of(call.work, call.principal, today(call.now))
        page = list_complaints(call.work.session, filter, sheet, by=call.principal, objects=objects)
        return pb.ListComplaintsResponse(complaints=(_shown(one, call) for one in page.items), page=info(page))

    @write
    def HandleComplaint(self, request: pb.HandleComplaintRequest, call: Call) -> pb.Complaint:
        handled = complaint.handle_complaint(
            call.work, request.complaint_id, request.answer, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown(handled, call)


def _shown(complaint: Complaint, call: Call) -> pb.Complaint:
    """Which supervisor answered is not for the enterprise to know."""
    hidden = {} if "supervisor" in call.principal.roles else {"handled_by": "", "updated_by": ""}
    return to_proto(complaint, pb.Complaint, **hidden)
