"""CheckFormsService."""

from __future__ import annotations

from liangma.plans.v1 import check_forms_pb2 as pb
from liangma.plans.v1 import check_forms_pb2_grpc as grpc

from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.check_form import CheckForm, CheckFormContent
from services.plans.queries import check_form as queries
from services.plans.use_cases import check_form as use_cases


class CheckFormsServicer(Servicer, grpc.CheckFormsServiceServicer):
    @write
    def CreateCheckForm(self, request: pb.CreateCheckFormRequest, call: Call) -> pb.CheckForm:
        new = request.check_form
        made = use_cases.create_check_form(
            call.work, new.authority_id, from_proto(new, CheckFormContent), by=call.principal, now=call.now
        )
        return wire.check_form_to_proto(made)

    @read
    def GetCheckForm(self, request: pb.GetCheckFormRequest, call: Call) -> pb.CheckForm:
        form = call.work.get(CheckForm, request.form_id)
        if not request.version:
            return wire.check_form_to_proto(form)
        version = queries.version(call.work.session, request.form_id, request.version)
        return wire.check_form_version_to_proto(form, version)

    @read
    def ListCheckForms(self, request: pb.ListCheckFormsRequest, call: Call) -> pb.ListCheckFormsResponse:
        page = queries.list_check_forms(
            call.work.session,
            name=request.name,
            authority_id=request.authority_id,
            matter_id=request.matter_id,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = map(wire.check_form_to_proto, page.items)
        return pb.ListCheckFormsResponse(check_forms=rows, page=wire.page_to_proto(page))

    @write
    def UpdateCheckForm(self, request: pb.UpdateCheckFormRequest, call: Call) -> pb.CheckForm:
        new = request.check_form
        changes = wire.changes(new, request.update_mask, CheckFormContent)
        changed = use_cases.update_check_form(
            call.work,
            wire.id_of(new, "form_id", within="check_form"),
            changes,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.check_form_to_proto(changed)
