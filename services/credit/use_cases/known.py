"""Keeping up with what the other services announce."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from services.chassis.work import Work
from services.credit.model.disclosure import Disclosure
from services.credit.model.known import KnownAuthority, KnownObject, KnownTask
from services.credit.use_cases.disclosure import purge_task


def note_objects(work: Work, objects: Iterable[KnownObject]) -> None:
    """Keep the newest state of many objects; what is disclosed about a natural person is masked from now on."""
    noted = list(objects)
    work.upsert(KnownObject, (_row(thing) for thing in noted))
    persons = [thing.object_id for thing in noted if thing.is_person]
    for disclosure in work.all(Disclosure, object_id=persons) if persons else []:
        disclosure.personal = True


def note_authority(work: Work, authority: KnownAuthority) -> None:
    """Keep the newest state of an authority."""
    work.upsert(KnownAuthority, [_row(authority)])


def note_task(work: Work, task: KnownTask, *, now: datetime) -> None:
    """Keep the newest state of a task; what was disclosed of it before it was known to be a test is withdrawn."""
    work.upsert(KnownTask, [_row(task)])
    if task.is_test:
        purge_task(work, task.task_id, now=now)


def _row(thing: Any) -> dict[str, object]:
    return {field.name: getattr(thing, field.name) for field in fields(thing)}
