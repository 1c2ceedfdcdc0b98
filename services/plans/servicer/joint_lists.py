"""JointListsService."""

from __future__ import annotations

from collections.abc import Sequence

from google.api.httpbody_pb2 import HttpBody
from liangma.plans.v1 import joint_lists_pb2 as pb
from liangma.plans.v1 import joint_lists_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis import sheets
from services.chassis.clock import today
from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.chassis.sheets import Columns
from services.plans import wire
from services.plans.model.joint_list import JointList, JointListContent, JointListVersion
from services.plans.queries import columns
from services.plans.queries import joint_list as queries
from services.plans.queries.authority import names_of
from services.plans.queries.filters import total
from services.plans.queries.version_columns import TRADE_VERSION_COLUMNS
from services.plans.tables import joint_list_versions, joint_lists
from services.plans.use_cases import joint_list as use_cases
from services.plans.use_cases.import_joint_lists import JointListRow, import_joint_lists
from services.plans.use_cases.matter import matters_named


class JointListsServicer(Servicer, grpc.JointListsServiceServicer):
    @write
    def CreateJointList(self, request: pb.CreateJointListRequest, call: Call) -> pb.JointList:
        content = from_proto(request.joint_list, JointListContent)
        made = use_cases.create_joint_list(call.work, content, by=call.principal, now=call.now)
        return wire.joint_list_to_proto(made)

    @read
    def GetJointList(self, request: pb.GetJointListRequest, call: Call) -> pb.JointList:
        return wire.joint_list_to_proto(call.work.get(JointList, request.joint_list_id))

    @read
    def ListJointLists(self, request: pb.ListJointListsRequest, call: Call) -> pb.ListJointListsResponse:
        shown, session = from_proto(request, queries.JointListFilter).applied(), call.work.session
        page = queries.list_joint_lists(
            session,
            shown,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = map(wire.joint_list_to_proto, page.items)
        return pb.ListJointListsResponse(
            joint_lists=rows, page=wire.page_to_proto(page), total_size=total(session, shown)
        )

    @read
    def ExportJointLists(self, request: pb.ListJointListsRequest, call: Call) -> HttpBody:
        shown = from_proto(request, queries.JointListFilter).applied()
        entries = sheets.found(call.work.session, shown, [joint_lists.c.joint_list_id])
        return _sheet(entries, columns.TRADE_COLUMNS, call)

    @read
    def ListJointListVersions(
        self, request: pb.ListJointListVersionsRequest, call: Call
    ) -> pb.ListJointListVersionsResponse:
        joint_list = call.work.get(JointList, request.joint_list_id)
        page = queries.list_versions(
            call.work.session, request.joint_list_id, page_size=request.page_size, page_token=request.page_token
        )
        rows = [wire.joint_list_version_to_proto(joint_list, version) for version in page.items]
        return pb.ListJointListVersionsResponse(versions=rows, page=wire.page_to_proto(page))

    @read
    def ExportJointListVersions(self, request: pb.ListJointListVersionsRequest, call: Call) -> HttpBody:
        call.work.get(JointList, request.joint_list_id)
        shown, newest_first = queries.versions(request.joint_list_id), [joint_list_versions.c.version.desc()]
        return _sheet(sheets.found(call.work.session, shown, newest_first), TRADE_VERSION_COLUMNS, call)

    @write
    def ImportJointLists(self, request: pb.ImportJointListsRequest, call: Call) -> import_pb2.ImportReport:
        rows = [from_proto(row, JointListRow) for row in request.rows]
        report = import_joint_lists(call.work, rows, by=call.principal, day=today(call.now))
        return wire.report_to_proto(report)

    @write
    def UpdateJointList(self, request: pb.UpdateJointListRequest, call: Call) -> pb.JointList:
        new = request.joint_list
        changes = wire.changes(new, request.update_mask, JointListContent)
        changed = use_cases.update_joint_list(
            call.work,
            wire.id_of(new, "joint_list_id", within="joint_list"),
            changes,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.joint_list_to_proto(changed)

    @write
    def RetireJointList(self, request: pb.RetireJointListRequest, call: Call) -> pb.JointList:
        retired = use_cases.retire_joint_list(call.work, request.joint_list_id, etag=request.etag, by=call.principal)
        return wire.joint_list_to_proto(retired)


def _sheet(entries: Sequence[JointList | JointListVersion], heads: Columns[columns.TradeLine], call: Call) -> HttpBody:
    members = [member for entry in entries for member in entry.members]
    matters = matters_named(call.work, {id for member in members for id in member.matter_ids})
    names = names_of(call.work.session, {member.authority_id for member in members})
    lines = list(columns.trade_lines(entries, matters, names))
    return HttpBody(content_type=sheets.XLSX, data=sheets.sheet_of(heads, lines))
