"""The tasks of a plan, as far as the plan must know them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TaskStatus(StrEnum):
    """What is known of a task; what is known later overrules what was known before, in this order."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    PURGED = "PURGED"


@dataclass(frozen=True)
class PlanTask:
    """A task of a plan, as far as the plan must know it.

    Args:
        is_formal: None until the task's own announcement has come; a test task counts nowhere.
    """

    task_id: str
    status: TaskStatus = TaskStatus.OPEN
    is_formal: bool | None = None
    number: str = ""

    @property
    def counts(self) -> bool:
        """Whether it moves the plan."""
        return self.is_formal is True and self.is_there

    @property
    def is_there(self) -> bool:
        """Whether something still rests on the plan; true of a test task until it is purged."""
        return self.status in (TaskStatus.OPEN, TaskStatus.COMPLETED)

    def merged(self, news: PlanTask) -> PlanTask:
        """Both pieces of knowledge together, in whichever order they came."""
        order = list(TaskStatus)
        return PlanTask(
            self.task_id,
            max(self.status, news.status, key=order.index),
            news.is_formal if self.is_formal is None else self.is_formal,
            self.number or news.number,
        )
