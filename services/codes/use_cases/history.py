"""What was found at an object, kept for its own people (TJ 9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from services.chassis.work import Work
from services.codes.model.history import Finding, InspectionNote


def note_result(
    work: Work,
    finding: Mapping[str, object],
    *,
    object_id: str,
    task_number: str,
    task_name: str,
    task_kind: str,
    method: str,
    day: date | None,
    now: datetime,
) -> None:
    """A result was published or corrected; the newest version of each authority's is kept."""
    work.upsert(Finding, [finding])
    inspection_id = str(finding["inspection_id"])
    if work.find(InspectionNote, inspection_id=inspection_id) is None:
        work.add(
            InspectionNote(
                inspection_id=inspection_id,
                object_id=object_id,
                code_id="",
                task_number=task_number,
                task_name=task_name,
                task_kind=task_kind,
                method=method,
                authority_ids=(str(finding["authority_id"]),),
                starts_on=day,
                ends_on=day,
                noted_at=now,
            )
        )
