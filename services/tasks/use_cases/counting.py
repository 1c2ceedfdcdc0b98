"""The figures follow every change in the transaction that makes it (TJ 19)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.chassis.work import Work
from services.tasks.model.effectiveness import Counted, DailyCount, Evaluation, count, difference
from services.tasks.model.inspection import Inspection
from services.tasks.model.part import PartState


@contextmanager
def recounted(work: Work, inspection: Inspection) -> Iterator[None]:
    """What the block changes of an inspection, the daily counts are changed by. The row of its task is held."""
    before = _counted(work, inspection)
    yield
    rows = difference(before, _counted(work, inspection))
    if rows:
        work.increase(DailyCount, rows)


def _counted(work: Work, inspection: Inspection) -> Counted:
    if all(part.state is not PartState.PUBLISHED for part in inspection.parts):
        return {}
    return count(inspection, work.all(Evaluation, inspection_id=inspection.inspection_id))
