"""The object directory over gRPC."""

from __future__ import annotations

from collections.abc import Sequence

from google.api.httpbody_pb2 import HttpBody
from liangma.sampling.v1 import sampling_pb2 as pb
from liangma.sampling.v1 import sampling_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis import sheets
from services.chassis.clock import today
from services.chassis.convert import enum_name
from services.chassis.runtime import Runtime
from services.chassis.servicing import Call, Servicer, read, write
from services.sampling.directory import SqlDirectory
from services.sampling.gazetteer import regions
from services.sampling.model.cells import MOST_ROWS
from services.sampling.model.inspection_object import InspectionObject, ObjectFacts
from services.sampling.model.object_rows import Row, rows_of, rows_of_table
from services.sampling.queries import objects as queries
from services.sampling.servicer.pages import page_info
from services.sampling.use_cases import objects
from services.sampling.use_cases.access import require_account
from services.sampling.wire import directories as wire

HEADER = (
    "统一社会信用代码",
    "对象名称",
    "对象类型",
    "登记状态",
    "区划",
    "地址",
    "行业",
    "监管标签",
    "别名",
    "法定代表人",
    "片区/商圈",
    "所属主体",
    "公共信用评价",
)


class ObjectsServicer(Servicer, grpc.ObjectsServiceServicer):
    """The object directory."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._regions = regions()

    @write
    def CreateObject(self, request: pb.CreateObjectRequest, call: Call) -> pb.InspectionObject:
        facts = wire.object_from_proto(request.object)
        return _shown([objects.create_object(call.work, facts, self._regions)], call)[0]

    @write
    def UpdateObject(self, request: pb.UpdateObjectRequest, call: Call) -> pb.InspectionObject:
        facts = wire.object_from_proto(request.object, request.object_id)
        known = objects.update_object(
            call.work, request.object_id, facts, self._regions, etag=request.etag, by=call.principal, now=call.now
        )
        return _shown([known], call)[0]

    @write
    def ImportObjects(self, request: pb.ImportObjectsRequest, call: Call) -> import_pb2.ImportReport:
        return self._take(rows_of(request.rows), call)

    @write
    def ImportObjectFile(self, request: pb.ImportObjectFileRequest, call: Call) -> import_pb2.ImportReport:
        table = sheets.table(request.file.data, request.file.content_type, MOST_ROWS + 2)
        return self._take(rows_of_table(table, request.first_line or 2), call)

    def _take(self, rows: Sequence[Row], call: Call) -> import_pb2.ImportReport:
        directory = SqlDirectory(call.work)
        report = objects.import_objects(call.work, directory, rows, self._regions, by=call.principal, now=call.now)
        return wire.report_to_proto(report)

    @read
    def GetObject(self, request: pb.GetObjectRequest, call: Call) -> pb.InspectionObject:
        require_account(call.work, call.principal, today(call.now))
        return _shown([call.work.get(InspectionObject, request.object_id)], call)[0]

    @read
    def ListObjects(self, request: pb.ListObjectsRequest, call: Call) -> pb.ListObjectsResponse:
        require_account(call.work, call.principal, today(call.now))
        filters = _filters(request)
        page = queries.list_objects(
            call.work.session,
            filters,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        total = queries.count_objects(call.work.session, filters) if request.count else 0
        return pb.ListObjectsResponse(
            objects=_shown(page.items, call), page=page_info(page.next_page_token), total=total
        )

    @read
    def ListObjectRevisions(self, request: pb.ListObjectRevisionsRequest, call: Call) -> pb.ListObjectRevisionsResponse:
        call.work.get(InspectionObject, request.object_id)
        page = queries.list_revisions(
            call.work.session, request.object_id, page_size=request.page_size, page_token=request.page_token
        )
        shown = map(wire.object_revision_to_proto, page.items)
        return pb.ListObjectRevisionsResponse(revisions=shown, page=page_info(page.next_page_token))

    @read
    def ExportObjects(self, request: pb.ExportObjectsRequest, call: Call) -> HttpBody:
        found = list(queries.all_objects(call.work.session, _filters(request)))
        stands = queries.ratings_by_id(call.work.session, [each.object_id for each in found])
        rows = (
            (
                each.object_id,
                each.name,
                each.type,
                each.registration_status,
                each.region,
                each.address,
                each.industry,
                "、".join(each.tags),
                each.alias,
                each.legal_representative,
                each.area,
                each.owner_id,
                stands[each.object_id].public_rating if each.object_id in stands else "",
            )
            for each in found
        )
        return HttpBody(content_type=sheets.XLSX, data=sheets.workbook("检查对象名录库", HEADER, rows))


def _filters(request: pb.ListObjectsRequest | pb.ExportObjectsRequest) -> queries.Filters:
    return queries.Filters(
        query=request.query,
        type=enum_name(pb.ObjectType.DESCRIPTOR, request.type),
        region=request.region,
        registration_status=enum_name(pb.RegistrationStatus.DESCRIPTOR, request.registration_status),
        tag=request.tag,
        industry=request.industry,
        public_rating=request.public_rating,
        code=request.code,
        code_tail=request.code_tail,
        area=request.area,
    )


def _shown(found: list[ObjectFacts] | list[InspectionObject], call: Call) -> list[pb.InspectionObject]:
    """Objects with their ratings, and with contacts where the caller may see them."""
    stands = queries.ratings_by_id(call.work.session, [each.object_id for each in found])
    by = call.principal
    return [
        wire.object_to_proto(
            each,
            stands.get(each.object_id),
            with_contact=wire.may_see_contact(each.region, by.region, by.roles),
        )
        for each in found
    ]
