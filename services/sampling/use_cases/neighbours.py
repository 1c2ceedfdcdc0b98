"""What sampling learns from the other services: whole states, the newest wins, repeats are harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.chassis.work import Work
from services.sampling.model.announcement import Announcement
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import DrawState
from services.sampling.model.inspection_object import Rating
from services.sampling.model.neighbours import (
    FORGOTTEN,
    Authority,
    Binding,
    InspectionRecord,
    JointList,
    Matter,
    Task,
    Whitelisting,
)
from services.sampling.model.records import DrawnRow, FrozenFile, InspectorsDraw, SealedSecret
from services.sampling.model.window import JointWindow
from services.sampling.use_cases.announcing import keep_announced

State = Mapping[str, object]


def note_task_formed(work: Work, state: State) -> None:
    """A task is complete in its parts; a draw that is under way follows it."""
    work.upsert(Task, [state])
    draw, task = work.find(Draw, task_id=state["task_id"]), work.find(Task, task_id=state["task_id"])
    if draw and task and not task.purged:
        draw.task_number, draw.task_name, draw.participants = task.number, task.name, task.participants
        draw.region, draw.regions = task.allowed_regions[0], task.allowed_regions


def note_task_purged(work: Work, task_id: str, inspection_ids: Sequence[str]) -> None:
    """A test task's time has come: everything that hangs on it vanishes with it."""
    nothing: dict[str, object] = {"parts": (), "purged": True}
    work.upsert(Task, [{"task_id": task_id, "version": FORGOTTEN, **nothing}])
    if draw := work.find(Draw, task_id=task_id):
        forget_draw(work, draw)
    for done in work.all(InspectorsDraw, task_id=task_id):
        forget(work, work.all(FrozenFile, owner_id=done.inspectors_draw_id))
        work.delete(done)
    note_inspections_cancelled(work, task_id, inspection_ids)


def forget_draw(work: Work, draw: Draw) -> None:
    """Delete a draw with all its rounds."""
    if draw.window_id and (window := work.find(JointWindow, window_id=draw.window_id)):
        window.leave(draw.draw_id)
    forget(work, work.all(FrozenFile, owner_id=draw.draw_id))
    forget(work, work.all(DrawnRow, draw_id=draw.draw_id))
    forget(work, work.all(Announcement, draw_id=draw.draw_id))
    forget(work, work.all(SealedSecret, owner_id=[f"{draw.draw_id}/{each.number}" for each in draw.rounds]))
    work.delete(draw)


def forget(work: Work, entities: Iterable[object]) -> None:
    """Delete all of them."""
    for entity in entities:
        work.delete(entity)


def note_inspections_cancelled(work: Work, task_id: str, inspection_ids: Sequence[str]) -> None:
    """Inspections were called off: they count nowhere, even if their dispatch is heard of later."""
    work.upsert(InspectionRecord, [record(each, "", 0, task_id=task_id, cancelled=True) for each in inspection_ids])


def note_dispatched(work: Work, task_id: str, records: Sequence[State]) -> None:
    """Inspections are about to be made; the draw that took their objects stands from now on."""
    work.upsert(InspectionRecord, records)
    if draw := work.find(Draw, task_id=task_id):
        draw.dispatched()
        if draw.state is DrawState.DISPATCHED:
            keep_announced(work, draw, draw.round)


def note_results(work: Work, states: Sequence[State]) -> None:
    """Inspections were made, or their results corrected."""
    work.upsert(InspectionRecord, states)


def record(inspection_id: str, authority_id: str, version: int, **known: object) -> dict[str, object]:
    """One authority's inspection, as it is kept."""
    blank: dict[str, object] = {
        "object_id": "",
        "task_id": "",
        "kind": "",
        "matter_ids": (),
        "certificates": (),
        "day": None,
        "finding": "",
        "cancelled": False,
    }
    key = {"record_id": f"{inspection_id}/{authority_id}", "version": version}
    return blank | key | {"inspection_id": inspection_id, "authority_id": authority_id} | known


def note_ratings(work: Work, states: Sequence[State]) -> None:
    """Ratings changed."""
    work.upsert(Rating, states)


def note_whitelisting(work: Work, state: State) -> None:
    """A whitelist changed."""
    work.upsert(Whitelisting, [state])


def note_bindings(work: Work, states: Sequence[State]) -> None:
    """Accounts speak for objects, or do no longer."""
    work.upsert(Binding, states)


def note_authority(work: Work, state: State) -> None:
    """An authority was entered or changed."""
    work.upsert(Authority, [state])


def note_matter(work: Work, state: State) -> None:
    """A matter was entered or changed."""
    work.upsert(Matter, [state])


def note_joint_list(work: Work, state: State) -> None:
    """The list of trades inspected together was changed."""
    work.upsert(JointList, [state])
