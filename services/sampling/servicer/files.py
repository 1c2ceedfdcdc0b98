"""The directories as files over gRPC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from google.api.httpbody_pb2 import HttpBody
from liangma.sampling.v1 import directory_files_pb2 as pb
from liangma.sampling.v1 import directory_files_pb2_grpc as grpc
from liangma.sampling.v1 import sampling_pb2
from liangma.type.v1 import import_pb2

from services.chassis import sheets
from services.chassis.convert import enum_name
from services.chassis.import_report import Rejection
from services.chassis.runtime import Runtime
from services.chassis.servicing import Call, Servicer, read, write
from services.sampling import templates
from services.sampling.gazetteer import regions
from services.sampling.model import inspector_rows, object_rows, recusal_rows
from services.sampling.model.cells import MOST_ROWS
from services.sampling.model.file_rows import Table, cells_of_table
from services.sampling.queries import inspectors as queries
from services.sampling.use_cases import inspectors, objects, recusals
from services.sampling.wire import directories as wire

OBJECTS, INSPECTORS, RECUSALS = "检查对象名录库", "执法检查人员名录库", "回避"
HEADER = ("证件号", "对象编号", "回避情形", "说明", "来源", "状态", "解除原因", "登记时间", "登记人")
ORIGINS = {"DECLARED": "申报", "DERIVED": "自动"}
STATES = {"ACTIVE": "有效", "WITHDRAWN": "已解除"}


class Sent(Protocol):
    """A request that brings a file."""

    @property
    def file(self) -> HttpBody: ...

    @property
    def first_line(self) -> int: ...


class DirectoryFilesServicer(Servicer, grpc.DirectoryFilesServiceServicer):
    """The directories as files."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._regions = regions()

    @read
    def GetObjectTemplate(self, _request: pb.GetObjectTemplateRequest, _call: Call) -> HttpBody:
        return _file(templates.template(OBJECTS, templates.OBJECTS))

    @read
    def GetInspectorTemplate(self, _request: pb.GetInspectorTemplateRequest, _call: Call) -> HttpBody:
        return _file(templates.template(INSPECTORS, templates.INSPECTORS))

    @read
    def GetRecusalTemplate(self, _request: pb.GetRecusalTemplateRequest, _call: Call) -> HttpBody:
        return _file(templates.template(RECUSALS, templates.RECUSALS))

    @write
    def ImportInspectorFile(self, request: pb.ImportInspectorFileRequest, call: Call) -> import_pb2.ImportReport:
        rows = _inspector_rows(_table(request), request)
        report = inspectors.import_inspectors(call.work, rows, self._regions, by=call.principal, now=call.now)
        return wire.report_to_proto(report)

    @write
    def ImportRecusalFile(self, request: pb.ImportRecusalFileRequest, call: Call) -> import_pb2.ImportReport:
        rows = _recusal_rows(_table(request), request)
        return wire.report_to_proto(recusals.import_recusals(call.work, rows, by=call.principal))

    @read
    def CheckObjectFile(self, request: pb.CheckObjectFileRequest, _call: Call) -> HttpBody:
        table = _table(request)
        rows = object_rows.rows_of_table(table, _first_line(request))
        return _refused(OBJECTS, table, request, objects.refused(rows, self._regions))

    @read
    def CheckInspectorFile(self, request: pb.CheckInspectorFileRequest, call: Call) -> HttpBody:
        table = _table(request)
        found = inspectors.refused(call.work, _inspector_rows(table, request), self._regions)
        return _refused(INSPECTORS, table, request, found)

    @read
    def CheckRecusalFile(self, request: pb.CheckRecusalFileRequest, call: Call) -> HttpBody:
        table = _table(request)
        found = recusals.refused(call.work, _recusal_rows(table, request), by=call.principal)
        return _refused(RECUSALS, table, request, found)

    @read
    def ExportRecusals(self, request: pb.ExportRecusalsRequest, call: Call) -> HttpBody:
        limit = None if recusals.sees_all(call.principal) else call.principal.authority
        wanted = {
            "certificate": request.certificate,
            "object_id": request.object_id,
            "state": enum_name(sampling_pb2.RecusalState.DESCRIPTOR, request.state),
            "origin": enum_name(sampling_pb2.RecusalOrigin.DESCRIPTOR, request.origin),
        }
        rows = (
            (
                each.certificate,
                each.object_id,
                recusal_rows.NAMES[each.kind],
                each.detail,
                ORIGINS[each.origin],
                STATES[each.state],
                each.withdrawn_reason,
                each.created_at,
                each.created_by,
            )
            for each in queries.all_recusals(call.work.session, limit, wanted)
        )
        return _file(sheets.workbook(RECUSALS, HEADER, rows))


def _file(content: bytes) -> HttpBody:
    return HttpBody(content_type=sheets.XLSX, data=content)


def _table(request: Sent) -> list[Sequence[str]]:
    return sheets.table(request.file.data, request.file.content_type, MOST_ROWS + 2)


def _first_line(request: Sent) -> int:
    return request.first_line or 2


def _inspector_rows(table: Table, request: Sent) -> list[inspector_rows.Row]:
    kind = inspector_rows
    cells = cells_of_table(table, _first_line(request), kind.Row._fields, kind.HEADERS, kind.NEEDED)
    return list(map(kind.Row._make, cells))


def _recusal_rows(table: Table, request: Sent) -> list[recusal_rows.Row]:
    kind = recusal_rows
    cells = cells_of_table(table, _first_line(request), kind.Row._fields, kind.HEADERS, kind.NEEDED)
    return list(map(kind.Row._make, cells))


def _refused(title: str, table: Table, request: Sent, rejections: Sequence[Rejection]) -> HttpBody:
    return _file(templates.refused(title, table, _first_line(request), rejections))
