"""CheckFormsService."""

from __future__ import annotations

from collections.abc import Sequence

from google.api.httpbody_pb2 import HttpBody
from liangma.plans.v1 import check_forms_pb2 as pb
from liangma.plans.v1 import check_forms_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis import sheets
from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.chassis.sheets import Columns
from services.plans import wire
from services.plans.model.check_form import CheckForm, CheckFormContent
from services.plans.queries import check_form as queries
from services.plans.queries import columns, version_columns
from services.plans.queries.authority import names_of
from services.plans.queries.filters import total
from services.plans.tables import check_form_versions, check_forms
from services.plans.use_cases import check_form as use_cases
from services.plans.use_cases.import_check_forms import CheckFormRow, import_check_forms
from services.plans.use_cases.matter import matters_named


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
        shown, session = from_proto(request, queries.CheckFormFilter).applied(), call.work.session
        page = queries.list_check_forms(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = map(wire.check_form_to_proto, page.items)
        return pb.ListCheckFormsResponse(
            check_forms=rows, page=wire.page_to_proto(page), total_size=total(session, shown)
        )

    @read
    def ListCheckFormVersions(
        self, request: pb.ListCheckFormVersionsRequest, call: Call
    ) -> pb.ListCheckFormVersionsResponse:
        form = call.work.get(CheckForm, request.form_id)
        page = queries.list_versions(
            call.work.session, request.form_id, page_size=request.page_size, page_token=request.page_token
        )
        rows = [wire.check_form_version_to_proto(form, version) for version in page.items]
        return pb.ListCheckFormVersionsResponse(versions=rows, page=wire.page_to_proto(page))

    @read
    def ExportCheckForms(self, request: pb.ListCheckFormsRequest, call: Call) -> HttpBody:
        shown = from_proto(request, queries.CheckFormFilter).applied()
        forms = sheets.found(call.work.session, shown, [check_forms.c.form_id])
        return _sheet(forms, columns.FORM_COLUMNS, call)

    @read
    def ExportCheckFormVersions(self, request: pb.ListCheckFormVersionsRequest, call: Call) -> HttpBody:
        form, shown = call.work.get(CheckForm, request.form_id), queries.versions(request.form_id)
        versions = sheets.found(call.work.session, shown, [check_form_versions.c.version.desc()])
        forms = [version_columns.form_as_it_was(form, version) for version in versions]
        return _sheet(forms, version_columns.FORM_VERSION_COLUMNS, call)

    @write
    def ImportCheckForms(self, request: pb.ImportCheckFormsRequest, call: Call) -> import_pb2.ImportReport:
        rows = [from_proto(row, CheckFormRow) for row in request.rows]
        return wire.report_to_proto(import_check_forms(call.work, rows, by=call.principal, now=call.now))

    @write
    def RetireCheckForm(self, request: pb.RetireCheckFormRequest, call: Call) -> pb.CheckForm:
        retired = use_cases.retire_check_form(
            call.work, request.form_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.check_form_to_proto(retired)

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


def _sheet(forms: Sequence[CheckForm], heads: Columns[columns.FormLine], call: Call) -> HttpBody:
    matters = matters_named(call.work, {id for form in forms for id in form.matter_ids})
    names = names_of(call.work.session, {form.authority_id for form in forms})
    lines = list(columns.form_lines(forms, matters, names))
    return HttpBody(content_type=sheets.XLSX, data=sheets.sheet_of(heads, lines))
