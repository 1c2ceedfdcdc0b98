"""What waits for whom (待办), and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.chassis.workdays import Workdays
from services.tasks.model.terms import TaskNature

SOON_WORKDAYS = 3
"""How many working days before its last day something counts as due soon, if nobody says otherwise."""
_ONE = timedelta(days=1)
_MANAGER, _HEAD, _INSPECTOR, _REVIEWER = "task_manager", "authority_head", "inspector", "reviewer"


class ToDoKind(StrEnum):
    """What there is to do, in the order of the work."""

    PLAN_TO_EXECUTE = "PLAN_TO_EXECUTE"
    TASK_TO_START = "TASK_TO_START"
    INVITATION_TO_ANSWER = "INVITATION_TO_ANSWER"
    TASK_TO_FORM = "TASK_TO_FORM"
    TASK_TO_FILE = "TASK_TO_FILE"
    SCHEME_TO_SUBMIT = "SCHEME_TO_SUBMIT"
    SCHEME_RETURNED = "SCHEME_RETURNED"
    SCHEME_TO_APPROVE = "SCHEME_TO_APPROVE"
    EXTENSION_TO_APPROVE = "EXTENSION_TO_APPROVE"
    OBJECTS_TO_CHOOSE = "OBJECTS_TO_CHOOSE"
    INSPECTORS_TO_ASSIGN = "INSPECTORS_TO_ASSIGN"
    TASK_TO_DISPATCH = "TASK_TO_DISPATCH"
    CODE_INTERCEPTED = "CODE_INTERCEPTED"
    TASK_TO_COMPLETE = "TASK_TO_COMPLETE"
    OBJECT_TO_VISIT = "OBJECT_TO_VISIT"
    INSPECTION_TO_RECORD = "INSPECTION_TO_RECORD"
    RECORD_RETURNED = "RECORD_RETURNED"
    RECORD_TO_SIGN = "RECORD_TO_SIGN"
    OBJECT_TO_SIGN = "OBJECT_TO_SIGN"
    RECORD_TO_REVIEW = "RECORD_TO_REVIEW"
    RESULT_TO_PUBLISH = "RESULT_TO_PUBLISH"
    ORDER_TO_RECHECK = "ORDER_TO_RECHECK"
    DISPOSAL_TO_CLOSE = "DISPOSAL_TO_CLOSE"

    @property
    def zh(self) -> str:
        return _TO_DO[self][0]

    @property
    def roles(self) -> frozenset[str]:
        """Who does it."""
        return frozenset(_TO_DO[self][1])

    @property
    def returned(self) -> bool:
        """Whether somebody returned it (退回)."""
        return self in (ToDoKind.SCHEME_RETURNED, ToDoKind.RECORD_RETURNED)


_TO_DO: dict[ToDoKind, tuple[str, tuple[str, ...]]] = {
    ToDoKind.PLAN_TO_EXECUTE: ("待创建任务的计划", ("planner", _MANAGER)),
    ToDoKind.TASK_TO_START: ("暂存任务", (_MANAGER,)),
    ToDoKind.INVITATION_TO_ANSWER: ("待确认邀约", (_MANAGER,)),
    ToDoKind.TASK_TO_FORM: ("待成立任务", (_MANAGER,)),
    ToDoKind.TASK_TO_FILE: ("待备案任务", (_MANAGER,)),
    ToDoKind.SCHEME_TO_SUBMIT: ("待报检查方案", (_MANAGER,)),
    ToDoKind.SCHEME_RETURNED: ("退回的检查方案", (_MANAGER,)),
    ToDoKind.SCHEME_TO_APPROVE: ("待批检查方案", (_HEAD,)),
    ToDoKind.EXTENSION_TO_APPROVE: ("待批任务延期", (_HEAD,)),
    ToDoKind.OBJECTS_TO_CHOOSE: ("待选定对象", (_MANAGER,)),
    ToDoKind.INSPECTORS_TO_ASSIGN: ("待选派人员", (_MANAGER,)),
    ToDoKind.TASK_TO_DISPATCH: ("待下发任务", (_MANAGER,)),
    ToDoKind.CODE_INTERCEPTED: ("赋码被拦截", (_MANAGER,)),
    ToDoKind.TASK_TO_COMPLETE: ("待完成任务", (_MANAGER, _HEAD)),
    ToDoKind.OBJECT_TO_VISIT: ("待检查", (_INSPECTOR,)),
    ToDoKind.INSPECTION_TO_RECORD: ("待录入结果", (_INSPECTOR,)),
    ToDoKind.RECORD_RETURNED: ("退回重录", (_INSPECTOR,)),
    ToDoKind.RECORD_TO_SIGN: ("待签名", (_INSPECTOR,)),
    ToDoKind.OBJECT_TO_SIGN: ("待检查对象签名", (_INSPECTOR,)),
    ToDoKind.RECORD_TO_REVIEW: ("待审核结果", (_REVIEWER,)),
    ToDoKind.RESULT_TO_PUBLISH: ("待公布结果", (_REVIEWER, _MANAGER)),
    ToDoKind.ORDER_TO_RECHECK: ("待复查", (_INSPECTOR, _MANAGER, _HEAD)),
    ToDoKind.DISPOSAL_TO_CLOSE: ("待办结处置", (_INSPECTOR, _MANAGER)),
}


class DeadlineKind(StrEnum):
    """What strikes when its time is over."""

    INVITATION = "INVITATION"
    TASK_END = "TASK_END"
    DISPOSAL = "DISPOSAL"
    PURGE = "PURGE"

    @property
    def zh(self) -> str:
        return _DEADLINES[self][0]

    @property
    def consequence(self) -> str:
        """What happens then."""
        return _DEADLINES[self][1]


_DEADLINES = {
    DeadlineKind.INVITATION: ("邀约截止", "逾期未答复视为不参加"),
    DeadlineKind.TASK_END: ("任务结束", "逾期未完成标为超期，执法码失效"),
    DeadlineKind.DISPOSAL: ("处置期限", "逾期未复查或办结标为超期"),
    DeadlineKind.PURGE: ("测试任务清除", "到期自动清除，不可恢复"),
}


@dataclass(frozen=True)
class Term:
    """A last day, seen from today; what is left is below 0 when it is overdue."""

    due_on: date
    days_left: int
    workdays_left: int
    provisional: bool

    @property
    def overdue(self) -> bool:
        return self.days_left < 0


def term(due_on: date, today: date, workdays: Workdays) -> Term:
    """How long it is until a day; neither today nor, once it is over, that day itself counts."""
    earlier, later = sorted((today, due_on))
    days = workdays.explain(earlier + _ONE, later)
    sign = 1 if due_on >= today else -1
    provisional = not all(map(workdays.is_published, {earlier.year, later.year}))
    return Term(due_on, (due_on - today).days, sign * sum(day.is_workday for day in days), provisional)


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for somebody."""

    kind: str
    plan_id: str
    task_id: str
    inspection_id: str
    number: str
    name: str
    nature: TaskNature
    object_id: str
    object_name: str
    authority_id: str
    authority_name: str
    due_on: date | None


@dataclass(frozen=True)
class ToDoGroup:
    """All of one kind that waits for somebody."""

    kind: ToDoKind
    waiting: int
    due_soon: int
    overdue: int

    @property
    def name(self) -> str:
        return self.kind.zh

    @property
    def returned(self) -> bool:
        return self.kind.returned


@dataclass(frozen=True)
class ToDo:
    """All that waits for somebody."""

    groups: tuple[ToDoGroup, ...]

    @property
    def waiting(self) -> int:
        return sum(group.waiting for group in self.groups)

    @property
    def due_soon(self) -> int:
        return sum(group.due_soon for group in self.groups)

    @property
    def overdue(self) -> int:
        return sum(group.overdue for group in self.groups)

    @property
    def returned(self) -> int:
        return sum(group.waiting for group in self.groups if group.returned)

    @property
    def text(self) -> str:
        """The line for people."""
        return (
            f"待办 {self.waiting} 项，其中退回 {self.returned} 项，超期 {self.overdue} 项，即将到期 {self.due_soon} 项"
        )
