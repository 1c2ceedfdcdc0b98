"""The clock of repairs: deadlines that new notices move, reminders before they strike, what is overdue (TJ 12)."""

from __future__ import annotations

from datetime import datetime

from services.chassis.clock import today
from services.chassis.work import Work
from services.chassis.workdays import Workdays
from services.credit.events import RepairReminded
from services.credit.model.repair import Repair
from services.credit.model.repair_parts import RepairReminder
from services.credit.model.repair_state import RepairState

CLOCKED = (RepairState.ACCEPTED, RepairState.SUPPLEMENT_REQUESTED, RepairState.SUPPLEMENTED)


def tend_repairs(work: Work, *, now: datetime, workdays: Workdays) -> int:
    """Compute deadlines again as new notices move them, and remind the authorities; how many reminders were given."""
    given = 0
    for repair in work.all(Repair, state=CLOCKED):
        repair.reckon(today(now), workdays)
        reminder = repair.remind(today(now), workdays)
        if reminder:
            given += 1
            work.emit(_reminded(repair, reminder))
    return given


def _reminded(repair: Repair, reminder: RepairReminder) -> RepairReminded:
    return RepairReminded(
        repair_id=repair.repair_id,
        authority_id=repair.authority_id,
        due_on=reminder.due_on,
        days_left=reminder.days_left,
        number=repair.number,
        inspection_id=repair.inspection_id,
        object_id=repair.object_id,
        object_name=repair.object_name,
    )
