"""Joint windows over gRPC."""

from __future__ import annotations

import secrets

from liangma.sampling.v1 import sampling_pb2 as pb
from liangma.sampling.v1 import sampling_pb2_grpc as grpc

from services.chassis.convert import enum_name
from services.chassis.servicing import Call, Servicer, read, write
from services.sampling.directory import SqlDirectory
from services.sampling.queries import draws as queries
from services.sampling.servicer.calendar import quarter_days
from services.sampling.servicer.pages import page_info
from services.sampling.settings import vault_of
from services.sampling.use_cases import windows
from services.sampling.wire import draws as wire


class JointWindowsServicer(Servicer, grpc.JointWindowsServiceServicer):
    """Joint windows (TJ 2)."""

    @write
    def OpenJointWindow(self, request: pb.OpenJointWindowRequest, call: Call) -> pb.JointWindow:
        calendar = quarter_days(call.runtime.workdays)
        secret = secrets.token_bytes(32)
        window = windows.open_joint_window(
            call.work, vault_of(call.runtime), request.year, request.quarter, secret, calendar
        )
        return wire.window_to_proto(window)

    @write
    def AddWindowContribution(self, request: pb.AddWindowContributionRequest, call: Call) -> pb.JointWindow:
        window = windows.add_window_contribution(
            call.work, request.window_id, request.hash, etag=request.etag, by=call.principal
        )
        return wire.window_to_proto(window)

    @write
    def CloseJointWindow(self, request: pb.CloseJointWindowRequest, call: Call) -> pb.JointWindow:
        window = windows.close_joint_window(call.work, request.window_id, etag=request.etag, now=call.now)
        return wire.window_to_proto(window)

    @write
    def ReopenJointWindow(self, request: pb.ReopenJointWindowRequest, call: Call) -> pb.JointWindow:
        window = windows.reopen_joint_window(
            call.work,
            vault_of(call.runtime),
            request.window_id,
            secrets.token_bytes(32),
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.window_to_proto(window)

    @write
    def RevealWindowContribution(self, request: pb.RevealWindowContributionRequest, call: Call) -> pb.JointWindow:
        window = windows.reveal_window_contribution(
            call.work, request.window_id, request.secret, etag=request.etag, by=call.principal
        )
        return wire.window_to_proto(window)

    @write
    def RevealJointWindow(self, request: pb.RevealJointWindowRequest, call: Call) -> pb.JointWindow:
        window = windows.reveal_joint_window(
            call.work,
            SqlDirectory(call.work),
            vault_of(call.runtime),
            request.window_id,
            etag=request.etag,
            now=call.now,
        )
        return wire.window_to_proto(window)

    @read
    def GetJointWindow(self, request: pb.GetJointWindowRequest, call: Call) -> pb.JointWindow:
        return wire.window_to_proto(queries.get_joint_window(call.work.session, request.window_id))

    @read
    def ListJointWindows(self, request: pb.ListJointWindowsRequest, call: Call) -> pb.ListJointWindowsResponse:
        equal: dict[str, object] = {
            "year": request.year,
            "state": enum_name(pb.JointWindowState.DESCRIPTOR, request.state),
        }
        where = queries.Where(request.page_size, request.page_token, request.order_by)
        page = queries.list_joint_windows(call.work.session, equal, where)
        return pb.ListJointWindowsResponse(
            windows=map(wire.window_to_proto, page.items), page=page_info(page.next_page_token)
        )

    @read
    def ListJointMatches(self, request: pb.ListJointMatchesRequest, call: Call) -> pb.ListJointMatchesResponse:
        queries.get_joint_window(call.work.session, request.window_id)
        where = queries.Where(request.page_size, request.page_token)
        page = queries.list_joint_matches(call.work.session, request.window_id, request.authority_id, where)
        return pb.ListJointMatchesResponse(
            matches=map(wire.match_to_proto, page.items), page=page_info(page.next_page_token)
        )

    @read
    def GetJointWindowReport(self, request: pb.GetJointWindowReportRequest, call: Call) -> pb.JointWindowReport:
        return wire.report_to_proto(queries.get_joint_window(call.work.session, request.window_id))
