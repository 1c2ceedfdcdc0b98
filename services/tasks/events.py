"""The facts tasks announces; each mirrors the message of the same name in liangma/tasks/v1/events.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.tasks.model.draft import Selection, Staffing, TaskType
from services.tasks.model.record import DisposalKind, Finding
from services.tasks.model.terms import LeadKind, Method, TaskKind, TaskNature


@dataclass(frozen=True)
class TaskPart:
    """An authority's share in a task."""

    authority_id: str
    matter_ids: tuple[str, ...]


@dataclass(frozen=True)
class TaskCreated:
    """A task was set up."""

    task_id: str
    number: str
    plan_id: str
    authority_id: str
    nature: TaskNature


@dataclass(frozen=True)
class TaskFormed:
    """A task is complete in its parts."""

    task_id: str
    version: int
    number: str
    name: str
    kind: TaskKind
    nature: TaskNature
    type: TaskType
    plan_id: str
    year: int
    authority_id: str
    region: str
    parts: tuple[TaskPart, ...]
    selection: Selection
    staffing: Staffing
    method: Method
    starts_on: date
    ends_on: date
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskPurged:
    """A task is forgotten everywhere."""

    task_id: str
    plan_id: str
    inspection_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskCancelled:
    """A task was called off."""

    task_id: str
    plan_id: str
    reason: str
    inspection_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskCompleted:
    """All inspections of a task are published or closed otherwise."""

    task_id: str
    plan_id: str


@dataclass(frozen=True)
class InspectionPart:
    """One authority's share in one inspection."""

    authority_id: str
    matter_ids: tuple[str, ...]
    certificates: tuple[str, ...]


@dataclass(frozen=True)
class DispatchedInspection:
    """An inspection as it is sent out."""

    inspection_id: str
    object_id: str
    parts: tuple[InspectionPart, ...]
    lead_kind: LeadKind | None = None
    lead_detail: str = ""


@dataclass(frozen=True)
class InspectionsDispatched:
    """Inspections of a task go out."""

    task_id: str
    task_number: str
    task_name: str
    kind: TaskKind
    nature: TaskNature
    authority_id: str
    method: Method
    starts_on: date
    ends_on: date
    inspections: tuple[DispatchedInspection, ...]
    code_kind: str


@dataclass(frozen=True)
class InspectionsCancelled:
    """Single inspections of a task fell away after they were sent out."""

    task_id: str
    inspection_ids: tuple[str, ...]
    cause: str
    reason: str


@dataclass(frozen=True)
class InspectorReassigned:
    """An inspector took another's place after the inspection was sent out."""

    inspection_id: str
    authority_id: str
    certificate: str
    substitute_certificate: str
    certificates: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Result:
    """What an authority found."""

    inspection_id: str
    version: int
    task_id: str
    task_number: str
    task_name: str
    kind: TaskKind
    nature: TaskNature
    authority_id: str
    object_id: str
    object_name: str
    matter_ids: tuple[str, ...]
    domain: str
    method: Method
    finding: Finding
    summary: str
    disposal: DisposalKind
    adverse: bool
    inspected_on: date
    plan_id: str


@dataclass(frozen=True)
class ResultPublished:
    """A reviewed result was published."""

    inspection_id: str
    result: Result


@dataclass(frozen=True)
class ResultCorrected:
    """A published result was corrected."""

    inspection_id: str
    result: Result
    reason: str


@dataclass(frozen=True)
class RecordedWithoutVerification:
    """An on-site record was entered although the codes were not mutually verified."""

    inspection_id: str
    task_id: str
    authority_id: str
    object_id: str
    exception: str


@dataclass(frozen=True)
class ObjectDiscovered:
    """A survey found an object."""

    object_id: str
    name: str
    region: str
    address: str
    task_id: str
    type: str


@dataclass(frozen=True)
class DisposalOverdue:
    """A disposal was not closed by its last day."""

    inspection_id: str
    authority_id: str
    task_id: str
    task_number: str
    nature: TaskNature
    object_id: str
    object_name: str
    disposal: DisposalKind
    due_on: date


@dataclass(frozen=True)
class TaskOverdue:
    """A task was not done by its last day."""

    task_id: str
    number: str
    name: str
    nature: TaskNature
    authority_id: str
    plan_id: str
    ends_on: date
    open: int


@dataclass(frozen=True)
class TaskExtended:
    """A task was given more time."""

    task_id: str
    version: int
    ends_on: date
    inspection_ids: tuple[str, ...]
