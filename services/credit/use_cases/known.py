"""Keeping up with what the other services announce."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from services.chassis.work import Work
from services.credit.model.disclosure import Disclosure
from services.credit.model.industry_model import IndicatorSource, IndustryModel, ModelState
from services.credit.model.known import KnownAuthority, KnownObject, KnownResult, KnownTask
from services.credit.model.rating import RatingCause
from services.credit.use_cases.disclosure import purge_task
from services.credit.use_cases.rating import Cause, rate


def note_objects(work: Work, objects: Iterable[KnownObject], *, now: datetime) -> None:
    """Keep the newest state of many objects; what is disclosed about a natural person is masked from now on."""
    noted = list(objects)
    retagged = _retagged(work, noted)
    work.upsert(KnownObject, (_row(thing) for thing in noted))
    persons = [thing.object_id for thing in noted if thing.is_person]
    for disclosure in work.all(Disclosure, object_id=persons) if persons else []:
        disclosure.personal = True
    if retagged:
        rate(work, retagged, Cause(RatingCause.TAG), now=now)


def note_authority(work: Work, authority: KnownAuthority) -> None:
    """Keep the newest state of an authority."""
    work.upsert(KnownAuthority, [_row(authority)])


def note_task(work: Work, task: KnownTask, *, now: datetime) -> None:
    """Keep the newest state of a task; what was disclosed of it before it was known to be a test is withdrawn."""
    work.upsert(KnownTask, [_row(task)])
    if task.is_test:
        purge_task(work, task.task_id, now=now)


def _retagged(work: Work, noted: Sequence[KnownObject]) -> list[str]:
    """Objects whose score their new tags may change: a model looks at tags in a domain they were inspected in."""
    active = work.all(IndustryModel, state=ModelState.ACTIVE)
    domains = [model.domain for model in active if model.listens_to(IndicatorSource.TAG)]
    if not domains:
        return []
    ids = [thing.object_id for thing in noted]
    known = {row.object_id: row for row in work.rows(KnownObject, ["object_id", "version", "tags"], object_id=ids)}
    changed = {
        thing.object_id
        for thing in noted
        if (row := known.get(thing.object_id)) is None or (row.version < thing.version and {*row.tags} != {*thing.tags})
    }
    rows = work.rows(KnownResult, ["object_id"], object_id=sorted(changed), domain=domains) if changed else []
    return sorted({row.object_id for row in rows})


def _row(thing: Any) -> dict[str, object]:
    return {field.name: getattr(thing, field.name) for field in fields(thing)}
