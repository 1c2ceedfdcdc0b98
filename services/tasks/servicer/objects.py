"""Requests about the list of objects of a task."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.tasks.v1 import objects_pb2 as pb
from liangma.tasks.v1 import objects_pb2_grpc, tasks_pb2
from liangma.type.v1 import import_pb2

from services.chassis.servicing import Call, Servicer, read, write
from services.tasks.model.task import Task
from services.tasks.queries import objects as queries
from services.tasks.queries import sheets
from services.tasks.queries.exclusions import list_exclusions
from services.tasks.use_cases import exclusion, importing
from services.tasks.use_cases import objects as use_cases
from services.tasks.use_cases.access import find_task, require_reader
from services.tasks.wire import objects as wire
from services.tasks.wire.task import XLSX, counts, file


class TaskObjectsServicer(Servicer, objects_pb2_grpc.TaskObjectsServiceServicer):
    """`liangma.tasks.v1.TaskObjectsService`."""

    @read
    def ListTaskObjects(self, request: pb.ListTaskObjectsRequest, call: Call) -> pb.ListTaskObjectsResponse:
        page = queries.list_task_objects(
            call.work.session,
            _read(call, request.task_id).task_id,
            wire.filter(request),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return wire.objects(page)

    @read
    def ExportTaskObjects(self, request: pb.ListTaskObjectsRequest, call: Call) -> HttpBody:
        statement = queries.objects_matching(_read(call, request.task_id).task_id, wire.filter(request))
        return file(sheets.object_sheet(call.work.session, statement), XLSX)

    @read
    def CountTaskObjects(self, request: pb.CountTaskObjectsRequest, call: Call) -> tasks_pb2.ObjectCounts:
        return counts(use_cases.count_objects(call.work, _read(call, request.task_id)))

    @write
    def AddMatchingObjects(self, request: pb.AddMatchingObjectsRequest, call: Call) -> pb.AddMatchingObjectsResponse:
        found = queries.find_in_directory(call.work.session, wire.directory_filter(request), use_cases.MOST_ROWS)
        added = use_cases.add_matching(
            call.work,
            request.task_id,
            found,
            request.repeat_reason,
            apply_exclusions=request.apply_exclusions,
            by=call.principal,
            now=call.now,
        )
        return wire.added(added)

    @write
    def ImportTaskObjects(self, request: pb.ImportTaskObjectsRequest, call: Call) -> import_pb2.ImportReport:
        report = importing.import_objects(
            call.work,
            request.task_id,
            wire.rows(request),
            apply_exclusions=request.apply_exclusions,
            by=call.principal,
            now=call.now,
        )
        return wire.report(report)

    @read
    def GetTaskObjectTemplate(self, _request: pb.GetTaskObjectTemplateRequest, _call: Call) -> HttpBody:
        return file(sheets.object_template(), XLSX)

    @write
    def ExcludeObjects(self, request: pb.ExcludeObjectsRequest, call: Call) -> pb.ExcludeObjectsResponse:
        rules = wire.rules(request)
        return wire.excluded(
            exclusion.exclude_objects(call.work, request.task_id, rules, by=call.principal, now=call.now)
        )

    @read
    def ListExclusions(self, request: pb.ListExclusionsRequest, call: Call) -> pb.ListExclusionsResponse:
        page = list_exclusions(
            call.work.session,
            _read(call, request.task_id).task_id,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return wire.exclusions(page)

    @read
    def GetExclusion(self, request: pb.GetExclusionRequest, call: Call) -> pb.Exclusion:
        task = _read(call, request.task_id)
        return wire.exclusion(exclusion.kept_exclusion(call.work, task, request.exclusion_id))

    @write
    def ImportExclusions(self, request: pb.ImportExclusionsRequest, call: Call) -> import_pb2.ImportReport:
        rows = wire.exclusion_rows(request)
        return wire.report(
            importing.import_exclusions(call.work, request.task_id, rows, by=call.principal, now=call.now)
        )

    @read
    def GetExclusionTemplate(self, _request: pb.GetExclusionTemplateRequest, _call: Call) -> HttpBody:
        return file(sheets.exclusion_template(), XLSX)

    @write
    def RemoveObjects(self, request: pb.RemoveObjectsRequest, call: Call) -> tasks_pb2.ObjectCounts:
        ids = tuple(request.object_ids)
        left = use_cases.remove_objects(
            call.work, request.task_id, ids, request.reason, by=call.principal, now=call.now
        )
        return counts(left)


def _read(call: Call, task_id: str) -> Task:
    task = find_task(call.work, task_id, lock=False)
    require_reader(task, call.principal)
    return task
