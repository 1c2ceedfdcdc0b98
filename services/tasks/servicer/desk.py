"""Requests about what waits and what is due."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.tasks.v1 import desk_pb2 as pb
from liangma.tasks.v1 import desk_pb2_grpc

from services.chassis.clock import today
from services.chassis.servicing import Call, Servicer, read
from services.tasks.queries import deadlines, sheets, to_do
from services.tasks.wire import desk as wire
from services.tasks.wire.task import XLSX, file


class DeskServicer(Servicer, desk_pb2_grpc.DeskServiceServicer):
    """`liangma.tasks.v1.DeskService`."""

    @read
    def GetToDo(self, request: pb.GetToDoRequest, call: Call) -> pb.ToDo:
        day = today(call.now)
        soon = call.runtime.workdays.add_workdays(day, wire.soon_workdays(request)).day
        return wire.to_do(to_do.to_do(call.work.session, call.principal, day, soon))

    @read
    def ListToDo(self, request: pb.ListToDoRequest, call: Call) -> pb.ListToDoResponse:
        day = today(call.now)
        page = to_do.list_to_do(
            call.work.session,
            wire.kind(request),
            call.principal,
            day,
            overdue_only=request.overdue_only,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return wire.items(page, day, call.runtime.workdays)

    @read
    def ListDeadlines(self, request: pb.ListDeadlinesRequest, call: Call) -> pb.ListDeadlinesResponse:
        day = today(call.now)
        wanted = wire.due_filter(request, call.principal, day)
        page = deadlines.list_deadlines(
            call.work.session, wanted, page_size=request.page_size, page_token=request.page_token
        )
        return wire.deadlines(page, day, call.runtime.workdays)

    @read
    def ExportDeadlines(self, request: pb.ListDeadlinesRequest, call: Call) -> HttpBody:
        day = today(call.now)
        wanted = wire.due_filter(request, call.principal, day)
        found = deadlines.all_deadlines(call.work.session, wanted, sheets.MOST_ROWS)
        return file(sheets.deadline_sheet(found, day, call.runtime.workdays), XLSX)
