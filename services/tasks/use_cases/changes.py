"""Keeping what was changed of who inspects and of what is inspected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.change import Change, ChangeKind, Thing, change_text


class Changed(Protocol):
    """What is kept of an inspection that was changed; a row of it will do."""

    @property
    def inspection_id(self) -> str: ...
    @property
    def task_id(self) -> str: ...
    @property
    def task_number(self) -> str: ...
    @property
    def object_id(self) -> str: ...
    @property
    def object_name(self) -> str: ...


def object_of(inspection: Changed) -> Thing:
    """The object of an inspection."""
    return Thing(inspection.object_id, inspection.object_name)


def keep_change(
    work: Work,
    kind: ChangeKind,
    inspection: Changed,
    reason: str,
    *,
    before: Thing | None = None,
    after: Thing | None = None,
    by: Principal,
    now: datetime,
) -> None:
    """Keep one change."""
    work.insert(Change, [_row(work, kind, inspection, reason, before, after, by, now)])


def keep_changes(
    work: Work, kind: ChangeKind, inspections: Iterable[Changed], reason: str, *, by: Principal, now: datetime
) -> None:
    """Keep the same change of many inspections."""
    work.insert(Change, [_row(work, kind, inspection, reason, None, None, by, now) for inspection in inspections])


def _row(
    work: Work,
    kind: ChangeKind,
    inspection: Changed,
    reason: str,
    before: Thing | None,
    after: Thing | None,
    by: Principal,
    now: datetime,
) -> dict[str, object]:
    return {
        "change_id": work.new_id(),
        "kind": kind,
        "task_id": inspection.task_id,
        "task_number": inspection.task_number,
        "inspection_id": inspection.inspection_id,
        "authority_id": by.authority,
        "object_id": inspection.object_id,
        "object_name": inspection.object_name,
        "before": before.id if before else "",
        "after": after.id if after else "",
        "reason": reason,
        "text": change_text(kind, object_of(inspection), before, after),
        "changed_by": by.subject,
        "changed_at": now,
    }
