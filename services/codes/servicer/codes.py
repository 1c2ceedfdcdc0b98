"""CodesService."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from liangma.codes.v1 import codes_pb2 as pb
from liangma.codes.v1 import codes_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import enum_name, from_proto, to_proto
from services.chassis.errors import malformed
from services.chassis.servicing import Call, Servicer, read, write
from services.chassis.typesetting import typeset
from services.codes.ledger import SqlLedger
from services.codes.model.visit import ExceptionKind
from services.codes.office import office
from services.codes.picture import draw
from services.codes.queries import check
from services.codes.queries import code as queries
from services.codes.queries.names import object_names
from services.codes.queries.sheet import SheetOf, sheet_codes
from services.codes.servicer.requests import external_dispatch, info, kept_attachment
from services.codes.servicer.shown import presented_code, shown_code, shown_codes, shown_interceptions, shown_scan
from services.codes.sheet import PDF, TEMPLATE, sheet
from services.codes.use_cases import code, issue, visit
from services.codes.use_cases.enterprise import objects_of
from services.codes.wire import code as wire

MOST_TEXTS = 100

Handler = Callable[["CodesServicer", pb.ScanEnterpriseCodeRequest, Any], pb.EnterpriseScan]


def asking_first(handle: Handler) -> Handler:
    """A foreign code's own system is asked before the transaction: it may be slow."""

    @functools.wraps(handle)
    def ask(self: CodesServicer, request: pb.ScanEnterpriseCodeRequest, context: Any) -> pb.EnterpriseScan:
        office(self.runtime).foreign.ask(request.text)
        return handle(self, request, context)

    return ask


class CodesServicer(Servicer, grpc.CodesServiceServicer):
    @read
    def GetCode(self, request: pb.GetCodeRequest, call: Call) -> pb.InspectionCode:
        found = code.readable_code(call.work, request.code_id, by=call.principal, now=call.now)
        return shown_code(call.work.session, found)

    @read
    def ListCodes(self, request: pb.ListCodesRequest, call: Call) -> pb.ListCodesResponse:
        filter, sheet = from_proto(request, queries.CodeFilter), from_proto(request, queries.Sheet)
        objects = objects_of(call.work, call.principal, today(call.now))
        page = queries.list_codes(call.work.session, filter, sheet, by=call.principal, objects=objects)
        return pb.ListCodesResponse(codes=shown_codes(call.work.session, page.items), page=info(page))

    @read
    def GetCodePicture(self, request: pb.GetCodePictureRequest, call: Call) -> HttpBody:
        found = code.readable_code(call.work, request.code_id, by=call.principal, now=call.now)
        return wire.picture_to_proto(draw(found.text, wire.picture_format(request.format), request.scale))

    @read
    def GetCodeSheet(self, request: pb.GetCodeSheetRequest, call: Call) -> HttpBody:
        objects = objects_of(call.work, call.principal, today(call.now))
        asked = from_proto(request, SheetOf)
        codes = sheet_codes(call.work.session, asked, by=call.principal, objects=objects)
        names = object_names(call.work.session, (code.object_id for code in codes))
        return HttpBody(content_type=PDF, data=typeset(TEMPLATE, sheet(codes, names)))

    @write
    def RevokeCode(self, request: pb.RevokeCodeRequest, call: Call) -> pb.InspectionCode:
        counts, by = SqlLedger(call.work.session), call.principal
        revoked = code.revoke_code(
            call.work, request.code_id, request.reason, counts, etag=request.etag, by=by, now=call.now
        )
        return shown_code(call.work.session, revoked)

    @write
    def ApplyExternalCode(self, request: pb.ApplyExternalCodeRequest, call: Call) -> pb.InspectionCode:
        desk, subject = office(self.runtime), call.principal.subject
        dispatch, press = external_dispatch(request, call.principal), desk.press(call.work.session)
        per_day = desk.settings.external_per_day
        issued = issue.apply_external_code(call.work, dispatch, press, per_day, subject=subject, now=call.now)
        return shown_code(call.work.session, issued)

    @read
    def CheckInspectionCode(self, request: pb.CheckInspectionCodeRequest, call: Call) -> pb.CodeCheck:
        [said] = self._check([request.text], call)
        return said

    @read
    def BatchCheckInspectionCodes(
        self, request: pb.BatchCheckInspectionCodesRequest, call: Call
    ) -> pb.BatchCheckInspectionCodesResponse:
        if len(request.requests) > MOST_TEXTS:
            zh, en = f"一次最多核对 {MOST_TEXTS} 个码", f"at most {MOST_TEXTS} texts at once"
            raise malformed("requests", "TOO_MANY", zh, en)
        checks = self._check([one.text for one in request.requests], call)
        return pb.BatchCheckInspectionCodesResponse(checks=checks)

    def _check(self, texts: Sequence[str], call: Call) -> list[pb.CodeCheck]:
        session = call.work.session
        desk = office(self.runtime)
        read = desk.reader(session)
        decodings = [functools.partial(desk.check, text, read, call.now) for text in texts]
        return [to_proto(said, pb.CodeCheck) for said in check.check_publicly(session, decodings, call.now)]

    @write
    def VerifyInspectionCode(self, request: pb.VerifyInspectionCodeRequest, call: Call) -> pb.CodeCheck:
        desk = office(self.runtime)
        content = desk.presented(request.text, call.work.session, call.now)
        scanned, met = visit.verify_inspection_code(
            call.work, content, request.object_id, desk.cabinet, by=call.principal, now=call.now
        )
        return to_proto(check.check_for_enterprise(call.work.session, scanned, met, call.now), pb.CodeCheck)

    @write
    def PresentCode(self, request: pb.PresentCodeRequest, call: Call) -> pb.InspectionCode:
        shown = visit.present_code(call.work, request.code_id, by=call.principal, now=call.now)
        secret = office(self.runtime).live_secret(shown.code_id)
        return presented_code(call.work.session, shown, secret, call.now)

    @asking_first
    @write
    def ScanEnterpriseCode(self, request: pb.ScanEnterpriseCodeRequest, call: Call) -> pb.EnterpriseScan:
        desk = office(self.runtime)
        seen = desk.see(request.text, call.work, call.now)
        met = visit.scan_enterprise_code(
            call.work, seen, request.code_id, desk.cabinet, by=call.principal, now=call.now
        )
        session, certificate = call.work.session, call.principal.certificate
        mine = queries.open_codes(session, seen.object_id, certificate, today(call.now))
        return shown_scan(session, seen, met, mine)

    @write
    def RecordException(self, request: pb.RecordExceptionRequest, call: Call) -> pb.Visit:
        kind = ExceptionKind(enum_name(pb.ExceptionKind.DESCRIPTOR, request.exception) or ExceptionKind.OTHER)
        photo = kept_attachment(call, "photo", request.photo)
        excepted = visit.record_exception(
            call.work,
            request.code_id,
            kind,
            request.reason,
            photo,
            request.object_id,
            by=call.principal,
            now=call.now,
        )
        return wire.visit_to_proto(excepted)

    @read
    def ListInterceptions(self, request: pb.ListInterceptionsRequest, call: Call) -> pb.ListInterceptionsResponse:
        filter, sheet = from_proto(request, queries.InterceptionFilter), from_proto(request, queries.Sheet)
        session = call.work.session
        page = queries.list_interceptions(session, filter, sheet, by=call.principal)
        return pb.ListInterceptionsResponse(interceptions=shown_interceptions(session, page.items), page=info(page))

    @read
    def ListVisits(self, request: pb.ListVisitsRequest, call: Call) -> pb.ListVisitsResponse:
        code.readable_code(call.work, request.code_id, by=call.principal, now=call.now)
        page = queries.list_visits(call.work.session, request.code_id, from_proto(request, queries.Sheet))
        return pb.ListVisitsResponse(visits=map(wire.visit_to_proto, page.items), page=info(page))
