"""Tasks ⇄ protobuf."""

from __future__ import annotations

from typing import TypeVar

from google.api.httpbody_pb2 import HttpBody
from liangma.tasks.v1 import tasks_pb2 as pb
from liangma.type.v1 import attachment_pb2, page_pb2

from services.chassis.convert import from_proto, to_proto
from services.chassis.paging import Page
from services.tasks.model.content import ContentMode, MatterChoice
from services.tasks.model.draft import TaskDraft
from services.tasks.model.drawing import Substitute
from services.tasks.model.paper import Filing
from services.tasks.model.participant import Answer
from services.tasks.model.task import Task
from services.tasks.model.terms import Attachment
from services.tasks.queries.task import Counters, TaskFilter
from services.tasks.use_cases.extension import MoreTime
from services.tasks.use_cases.objects import Added, ObjectChoice, ObjectCounts
from services.tasks.use_cases.staffing import Assigned

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"

_ANSWERS = {pb.ANSWER_ACCEPTED: Answer.ACCEPTED, pb.ANSWER_DECLINED: Answer.DECLINED}
_MODES = {pb.CONTENT_MODE_BY_MATTER: ContentMode.BY_MATTER}

Item = TypeVar("Item")


def draft(message: pb.Task) -> TaskDraft:
    """What a person entered."""
    return from_proto(message, TaskDraft)


def task(task: Task) -> pb.Task:
    return to_proto(task, pb.Task)


def tasks(page: Page[Task]) -> pb.ListTasksResponse:
    return pb.ListTasksResponse(tasks=map(task, page.items), page=page_info(page))


def filter(request: pb.ListTasksRequest) -> TaskFilter:
    return from_proto(request, TaskFilter)


def page_info(page: Page[Item]) -> page_pb2.PageInfo:
    return page_pb2.PageInfo(next_page_token=page.next_page_token)


def choices(request: pb.AnswerInvitationRequest) -> tuple[MatterChoice, ...]:
    return tuple(from_proto(choice, MatterChoice) for choice in request.matters)


def answer(request: pb.AnswerInvitationRequest) -> Answer:
    return _ANSWERS.get(request.answer, Answer.INVITED)


def content_mode(request: pb.AnswerInvitationRequest) -> ContentMode:
    return _MODES.get(request.content_mode, ContentMode.BY_FORM)


def filing(request: pb.FileTaskRequest) -> Filing:
    return from_proto(request.filing, Filing, filed_by="", filed_at=None)


def attachments(request: pb.SubmitSchemeRequest) -> tuple[Attachment, ...]:
    return tuple(from_proto(attachment, Attachment) for attachment in request.attachments)


def attachment(message: attachment_pb2.Attachment) -> Attachment:
    return from_proto(message, Attachment)


def extension(request: pb.ExtendTaskRequest) -> MoreTime:
    return from_proto(request, MoreTime)


def objects(request: pb.AddObjectsRequest) -> tuple[ObjectChoice, ...]:
    return tuple(from_proto(choice, ObjectChoice) for choice in request.objects)


def added(added: Added) -> pb.AddObjectsResponse:
    return to_proto(added, pb.AddObjectsResponse)


def counts(counts: ObjectCounts) -> pb.ObjectCounts:
    return to_proto(counts, pb.ObjectCounts)


def assigned(assigned: Assigned) -> pb.AssignInspectorsResponse:
    return to_proto(assigned, pb.AssignInspectorsResponse)


def substitutes(page: Page[Substitute]) -> pb.ListSubstitutesResponse:
    rows = [to_proto(substitute, pb.Substitute) for substitute in page.items]
    return pb.ListSubstitutesResponse(substitutes=rows, page=page_info(page))


def counters(counters: Counters) -> pb.TaskCounters:
    return to_proto(counters, pb.TaskCounters)


def file(content: bytes, content_type: str) -> HttpBody:
    """A file as the gateway passes it on."""
    return HttpBody(content_type=content_type, data=content)
