"""EnterpriseCodesService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.codes.v1 import enterprise_codes_pb2 as pb
from liangma.codes.v1 import enterprise_codes_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import from_proto, to_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.codes.cose import ForeignCode
from services.codes.ledger import SqlLedger
from services.codes.model.enterprise_code import EnterpriseCode
from services.codes.office import office
from services.codes.picture import draw
from services.codes.queries.binding import list_bindings
from services.codes.queries.code import Sheet
from services.codes.queries.names import object_names
from services.codes.servicer.requests import day, info
from services.codes.use_cases import enterprise
from services.codes.wire.code import picture_format, picture_to_proto


class EnterpriseCodesServicer(Servicer, grpc.EnterpriseCodesServiceServicer):
    @write
    def IssueEnterpriseCode(self, request: pb.IssueEnterpriseCodeRequest, call: Call) -> pb.EnterpriseCode:
        here, places = office(self.runtime), SqlLedger(call.work.session)
        lasts = here.enterprise_codes_last
        code = enterprise.issue_enterprise_code(
            call.work, request.object_id, here.cabinet, places, lasts, by=call.principal, now=call.now
        )
        return _shown(code, call)

    @read
    def GetEnterpriseCode(self, request: pb.GetEnterpriseCodeRequest, call: Call) -> pb.EnterpriseCode:
        code = enterprise.enterprise_code_of(call.work, request.object_id, by=call.principal, now=call.now)
        return _shown(code, call)

    @read
    def GetEnterpriseCodePicture(self, request: pb.GetEnterpriseCodePictureRequest, call: Call) -> HttpBody:
        code = enterprise.enterprise_code_of(call.work, request.object_id, by=call.principal, now=call.now)
        return picture_to_proto(draw(code.text, picture_format(request.format), request.scale))

    @write
    def BindAccount(self, _: pb.BindAccountRequest, call: Call) -> pb.Binding:
        return to_proto(enterprise.bind_account(call.work, by=call.principal, now=call.now), pb.Binding)

    @write
    def DelegateAccount(self, request: pb.DelegateAccountRequest, call: Call) -> pb.Binding:
        binding = enterprise.delegate_account(
            call.work,
            request.object_id,
            request.subject,
            request.name,
            day("ends_on", request.ends_on),
            by=call.principal,
            now=call.now,
        )
        return to_proto(binding, pb.Binding)

    @write
    def EndBinding(self, request: pb.EndBindingRequest, call: Call) -> pb.Binding:
        binding = enterprise.end_binding(
            call.work, request.binding_id, etag=request.etag, by=call.principal, now=call.now
        )
        return to_proto(binding, pb.Binding)

    @read
    def ListBindings(self, request: pb.ListBindingsRequest, call: Call) -> pb.ListBindingsResponse:
        object_id = enterprise.object_for(call.work, call.principal, request.object_id, today(call.now))
        sheet = from_proto(request, Sheet)
        page = list_bindings(call.work.session, object_id, sheet, include_ended=request.include_ended)
        return pb.ListBindingsResponse(bindings=(to_proto(one, pb.Binding) for one in page.items), page=info(page))

    @write
    def RegisterForeignCode(self, request: pb.RegisterForeignCodeRequest, call: Call) -> pb.ForeignCode:
        found = office(self.runtime).foreign.recognize(request.text)
        if found is None:
            raise ForeignCode(request.text)
        known = enterprise.register_foreign_code(
            call.work, found.scheme.name, found.token, request.object_id, by=call.principal, now=call.now
        )
        return to_proto(known, pb.ForeignCode)


def _shown(code: EnterpriseCode, call: Call) -> pb.EnterpriseCode:
    names = object_names(call.work.session, [code.object_id])
    return to_proto(code, pb.EnterpriseCode, object_name=names.get(code.object_id, ""))
