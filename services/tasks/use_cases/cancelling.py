"""Calling off many inspections at once, as rows: a task may have a hundred thousand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.chassis.work import Work
from services.tasks.model.inspection import CANCELLABLE, Inspection, InspectionState
from services.tasks.model.part import Part, PartState
from services.tasks.model.terms import HistoryEntry

AT_A_TIME = 500
_RECORDED = frozenset(PartState) - {PartState.OPEN}


def cancel_inspections(
    work: Work, task_id: str, reason: str, *, by: str, now: datetime, **which: object
) -> Iterator[list[str]]:
    """Call off what has no record yet, by what it matches; the ids, at most 500 at a time."""
    called_off = {"history": HistoryEntry(now, by, "CANCELLED", reason)}
    wanted: dict[str, object] = {"task_id": task_id, "state": CANCELLABLE, **which}
    for batch in work.row_batches(Inspection, ("inspection_id",), AT_A_TIME, **wanted):
        ids = [row.inspection_id for row in batch]
        recorded = {id for (id,) in work.rows(Part, ("inspection_id",), inspection_id=ids, state=_RECORDED)}
        if fallen := [id for id in ids if id not in recorded]:
            state = {"state": InspectionState.CANCELLED}
            work.change(Inspection, state, append=called_off, inspection_id=fallen)
            yield fallen
