"""JointListsService."""

from __future__ import annotations

from liangma.plans.v1 import joint_lists_pb2 as pb
from liangma.plans.v1 import joint_lists_pb2_grpc as grpc

from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.plans import wire
from services.plans.model.joint_list import JointList, JointListContent
from services.plans.queries import joint_list as queries
from services.plans.use_cases import joint_list as use_cases


class JointListsServicer(Servicer, grpc.JointListsServiceServicer):
    @write
    def CreateJointList(self, request: pb.CreateJointListRequest, call: Call) -> pb.JointList:
        content = from_proto(request.joint_list, JointListContent)
        return wire.joint_list_to_proto(use_cases.create_joint_list(call.work, content, by=call.principal))

    @read
    def GetJointList(self, request: pb.GetJointListRequest, call: Call) -> pb.JointList:
        return wire.joint_list_to_proto(call.work.get(JointList, request.joint_list_id))

    @read
    def ListJointLists(self, request: pb.ListJointListsRequest, call: Call) -> pb.ListJointListsResponse:
        page = queries.list_joint_lists(
            call.work.session,
            trade=request.trade,
            lead_id=request.lead_id,
            authority_id=request.authority_id,
            include_retired=request.include_retired,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = map(wire.joint_list_to_proto, page.items)
        return pb.ListJointListsResponse(joint_lists=rows, page=wire.page_to_proto(page))

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
        )
        return wire.joint_list_to_proto(changed)

    @write
    def RetireJointList(self, request: pb.RetireJointListRequest, call: Call) -> pb.JointList:
        retired = use_cases.retire_joint_list(call.work, request.joint_list_id, etag=request.etag, by=call.principal)
        return wire.joint_list_to_proto(retired)
