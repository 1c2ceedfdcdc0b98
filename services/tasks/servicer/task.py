"""Requests about tasks."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from liangma.tasks.v1 import tasks_pb2 as pb
from liangma.tasks.v1 import tasks_pb2_grpc

from services.chassis.clock import today
from services.chassis.servicing import Call, Servicer, read, write
from services.tasks.queries import sheets
from services.tasks.queries import task as queries
from services.tasks.use_cases import dispatch, distribution, extension, invitation, objects, papers, staffing
from services.tasks.use_cases import task as use_cases
from services.tasks.use_cases.access import find_task, require_reader
from services.tasks.wire import task as wire


class TasksServicer(Servicer, tasks_pb2_grpc.TasksServiceServicer):
    """`liangma.tasks.v1.TasksService`."""

    @write
    def CreateTask(self, request: pb.CreateTaskRequest, call: Call) -> pb.Task:
        draft = wire.draft(request.task)
        task = use_cases.create_task(call.work, draft, keep_draft=request.draft, by=call.principal, now=call.now)
        return wire.task(task)

    @read
    def GetTask(self, request: pb.GetTaskRequest, call: Call) -> pb.Task:
        task = find_task(call.work, request.task_id, lock=False)
        require_reader(task, call.principal)
        return wire.task(task)

    @read
    def ListTasks(self, request: pb.ListTasksRequest, call: Call) -> pb.ListTasksResponse:
        page = queries.list_tasks(
            call.work.session,
            wire.filter(request),
            call.principal,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return wire.tasks(page)

    @read
    def ExportTasks(self, request: pb.ListTasksRequest, call: Call) -> HttpBody:
        statement = queries.matching(wire.filter(request), call.principal)
        return wire.file(sheets.task_sheet(call.work.session, statement), wire.XLSX)

    @write
    def UpdateTask(self, request: pb.UpdateTaskRequest, call: Call) -> pb.Task:
        draft = wire.draft(request.task)
        task = use_cases.update_task(
            call.work, request.task.task_id, draft, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.task(task)

    @write
    def DeleteTask(self, request: pb.DeleteTaskRequest, call: Call) -> Empty:
        use_cases.delete_task(call.work, request.task_id, etag=request.etag, by=call.principal, now=call.now)
        return Empty()

    @write
    def StartTask(self, request: pb.StartTaskRequest, call: Call) -> pb.Task:
        task = use_cases.start_task(call.work, request.task_id, etag=request.etag, by=call.principal, now=call.now)
        return wire.task(task)

    @write
    def AnswerInvitation(self, request: pb.AnswerInvitationRequest, call: Call) -> pb.Task:
        task = invitation.answer_invitation(
            call.work,
            request.task_id,
            wire.answer(request),
            wire.choices(request),
            wire.content_mode(request),
            request.reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.task(task)

    @write
    def FormTask(self, request: pb.FormTaskRequest, call: Call) -> pb.Task:
        task = invitation.form_task(call.work, request.task_id, etag=request.etag, by=call.principal, now=call.now)
        return wire.task(task)

    @write
    def SubmitScheme(self, request: pb.SubmitSchemeRequest, call: Call) -> pb.Task:
        task = papers.submit_scheme(
            call.work,
            request.task_id,
            request.content,
            wire.attachments(request),
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.task(task)

    @write
    def ApproveScheme(self, request: pb.ApproveSchemeRequest, call: Call) -> pb.Task:
        task = papers.approve_scheme(call.work, request.task_id, etag=request.etag, by=call.principal, now=call.now)
        return wire.task(task)

    @write
    def RejectScheme(self, request: pb.RejectSchemeRequest, call: Call) -> pb.Task:
        task = papers.reject_scheme(
            call.work, request.task_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.task(task)

    @write
    def FileTask(self, request: pb.FileTaskRequest, call: Call) -> pb.Task:
        filing = wire.filing(request)
        task = papers.file_task(call.work, request.task_id, filing, etag=request.etag, by=call.principal, now=call.now)
        return wire.task(task)

    @write
    def DistributeTask(self, request: pb.DistributeTaskRequest, call: Call) -> pb.DistributeTaskResponse:
        made = distribution.distribute_task(
            call.work,
            request.task_id,
            tuple(request.authority_ids),
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return pb.DistributeTaskResponse(tasks=map(wire.task, made))

    @write
    def AddObjects(self, request: pb.AddObjectsRequest, call: Call) -> pb.AddObjectsResponse:
        added = objects.add_objects(
            call.work,
            request.task_id,
            wire.objects(request),
            apply_exclusions=request.apply_exclusions,
            by=call.principal,
            now=call.now,
        )
        return wire.added(added)

    @write
    def RemoveObject(self, request: pb.RemoveObjectRequest, call: Call) -> Empty:
        objects.remove_objects(call.work, request.task_id, (request.object_id,), "", by=call.principal, now=call.now)
        return Empty()

    @write
    def MarkExcluded(self, request: pb.MarkExcludedRequest, call: Call) -> pb.ObjectCounts:
        counts = objects.mark_excluded(
            call.work,
            request.task_id,
            tuple(request.object_ids),
            request.excluded,
            request.reason,
            by=call.principal,
            now=call.now,
        )
        return wire.counts(counts)

    @write
    def AttachAssistanceOrder(self, request: pb.AttachAssistanceOrderRequest, call: Call) -> pb.Task:
        task = papers.attach_assistance_order(
            call.work,
            request.task_id,
            wire.attachment(request.assistance_order),
            tuple(request.regions),
            request.reason,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.task(task)

    @read
    def ListSubstitutes(self, request: pb.ListSubstitutesRequest, call: Call) -> pb.ListSubstitutesResponse:
        task = find_task(call.work, request.task_id, lock=False)
        require_reader(task, call.principal)
        page = queries.list_substitutes(
            call.work.session, task, request.stratum, page_size=request.page_size, page_token=request.page_token
        )
        return wire.substitutes(page)

    @write
    def AssignInspectors(self, request: pb.AssignInspectorsRequest, call: Call) -> pb.AssignInspectorsResponse:
        assigned = staffing.assign_inspectors(
            call.work,
            request.task_id,
            tuple(request.inspection_ids),
            tuple(request.certificates),
            by=call.principal,
            now=call.now,
        )
        return wire.assigned(assigned)

    @write
    def DispatchTask(self, request: pb.DispatchTaskRequest, call: Call) -> pb.Task:
        task = dispatch.dispatch_task(call.work, request.task_id, etag=request.etag, by=call.principal, now=call.now)
        return wire.task(task)

    @write
    def CancelTask(self, request: pb.CancelTaskRequest, call: Call) -> pb.Task:
        task = use_cases.cancel_task(
            call.work, request.task_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.task(task)

    @write
    def ExtendTask(self, request: pb.ExtendTaskRequest, call: Call) -> pb.Task:
        wanted = wire.extension(request)
        task = extension.extend_task(
            call.work, request.task_id, wanted, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.task(task)

    @write
    def ApproveExtension(self, request: pb.ApproveExtensionRequest, call: Call) -> pb.Task:
        task = extension.approve_extension(
            call.work, request.task_id, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.task(task)

    @write
    def RejectExtension(self, request: pb.RejectExtensionRequest, call: Call) -> pb.Task:
        task = extension.reject_extension(
            call.work, request.task_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.task(task)

    @write
    def CloseSupplements(self, request: pb.CloseSupplementsRequest, call: Call) -> pb.Task:
        task = objects.close_supplements(
            call.work, request.task_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.task(task)

    @read
    def GetTaskCounters(self, request: pb.GetTaskCountersRequest, call: Call) -> pb.TaskCounters:
        year = request.year or today(call.now).year
        return wire.counters(queries.count_tasks(call.work.session, call.principal, year))
