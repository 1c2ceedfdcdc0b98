"""What is inspected in one year already: the same authority, the same object, the same matter (TJ 10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from services.chassis.errors import FailedPrecondition
from services.chassis.work import Work
from services.tasks.model.inspection import LIVE, Inspection
from services.tasks.model.task import Task
from services.tasks.model.terms import TaskNature

Repeat = tuple[str, str, Inspection]
"""The authority, the matter, and the inspection of this year, done or pending, that would be repeated."""


class RepeatedThisYear(FailedPrecondition):
    """One is not inspected twice a year for the same matter without a reason (TJ 10)."""

    def __init__(self, repeats: Sequence[Repeat], field: str) -> None:
        named = [(other.object_name, authority, matter, other.task_number) for authority, matter, other in repeats]
        zh = "；".join(f"{name}：机构 {a} 就事项 {m} 已列入 {number}" for name, a, m, number in named)
        super().__init__(
            f"本年度已就相同事项检查或安排检查，原则上不再重复检查（{zh}）；确需检查的，请填写理由 {field}",
            f"inspected for the same matter this year already; give a reason in {field} or drop it",
            field=field,
            inspections=",".join(dict.fromkeys(other.inspection_id for _, _, other in repeats)),
        )


def repeats_of(work: Work, task: Task, object_ids: Iterable[str]) -> Mapping[str, Sequence[Repeat]]:
    """Of each object, what this task would repeat; a test task repeats nothing."""
    found: dict[str, list[Repeat]] = defaultdict(list)
    if task.nature is TaskNature.TEST:
        return found
    ours = {(part.authority_id, matter.matter_id) for part in task.parts() for matter in part.matters}
    others = work.all(
        Inspection, object_id=list(object_ids), year=task.year, nature=TaskNature.FORMAL, state=LIVE, excluded=False
    )
    for other in others:
        pairs = {(part.authority_id, matter_id) for part in other.parts for matter_id in part.matter_ids}
        found[other.object_id] += [(*pair, other) for pair in sorted(ours & pairs)]
    return found


def require_reason(repeats: Sequence[Repeat], reason: str, field: str) -> None:
    """Refuse a repeat for which no reason is given."""
    if repeats and not reason.strip():
        raise RepeatedThisYear(repeats, field)
