"""What sampling drew: one inspection per drawn object, substitutes kept aside."""

from __future__ import annotations

from datetime import datetime

from services.chassis.work import Work
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.drawing import Drawn, DrawReceipt, Substitute
from services.tasks.model.inspection import InspectedObject, Inspection
from services.tasks.model.task import Task, TaskState
from services.tasks.use_cases.access import known_task
from services.tasks.use_cases.cancelling import cancel_inspections
from services.tasks.use_cases.making import as_inspected, directory, keep_inspections, new_inspection
from services.tasks.use_cases.settling import settle_task


def note_objects_drawn(
    work: Work, task_id: str, round: int, part: int, parts: int, objects: tuple[Drawn, ...], *, now: datetime
) -> None:
    """Fact: a part of a round. Parts come in any order, the greatest round wins, a task sent out stays as it is."""
    task = known_task(work, task_id)
    if task is None or task.state is not TaskState.PENDING_EXECUTION or round < task.draw_round:
        return
    if round > task.draw_round:
        _give_up_round(work, task, round, now)
    work.upsert(DrawReceipt, [_receipt(task_id, round, part, parts)])
    _take(work, task, round, objects, now)
    arrived = work.count(DrawReceipt, task_id=task_id, round=round)
    task.objects_chosen = arrived >= parts
    settle_task(work, task, now)


def _receipt(task_id: str, round: int, part: int, parts: int) -> dict[str, object]:
    id = f"{task_id}/{round}/{part}"
    return {"receipt_id": id, "task_id": task_id, "round": round, "part": part, "parts": parts}


def _give_up_round(work: Work, task: Task, round: int, now: datetime) -> None:
    """A redraw erases nothing: inspections of the round before stay on record as cancelled."""
    reason = f"重新抽取（第 {round} 轮）"
    for _ in cancel_inspections(work, task.task_id, reason, by="", now=now, round=task.draw_round):
        pass
    task.note(now, "", "DRAWN", detail=str(round))
    task.draw_round, task.objects_chosen = round, False


def _take(work: Work, task: Task, round: int, objects: tuple[Drawn, ...], now: datetime) -> None:
    known = directory(work, [drawn.object_id for drawn in objects if not drawn.substitute])
    chosen = [drawn for drawn in objects if not drawn.substitute]
    made = [_inspection(work, task, round, drawn, known.get(drawn.object_id), now) for drawn in chosen]
    keep_inspections(work, made, now)
    work.insert(Substitute, [_substitute(work, task, round, drawn) for drawn in objects if drawn.substitute])


def _inspection(
    work: Work, task: Task, round: int, drawn: Drawn, known: DirectoryObject | None, now: datetime
) -> Inspection:
    bare = InspectedObject(drawn.object_id, drawn.name, region=drawn.region)
    inspection = new_inspection(work, task, as_inspected(known) if known else bare, now)
    inspection.stratum, inspection.rank, inspection.round = drawn.stratum, drawn.rank, round
    return inspection


def _substitute(work: Work, task: Task, round: int, drawn: Drawn) -> dict[str, object]:
    return {
        "substitute_id": work.new_id(),
        "task_id": task.task_id,
        "round": round,
        "object_id": drawn.object_id,
        "name": drawn.name,
        "region": drawn.region,
        "stratum": drawn.stratum,
        "rank": drawn.rank,
        "inspection_id": "",
    }
