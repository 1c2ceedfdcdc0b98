"""Every inspection of an object, with what was found, for the object's own people (TJ 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(eq=False, kw_only=True)
class InspectionNote:
    """One inspection of an object."""

    inspection_id: str
    object_id: str
    code_id: str
    task_number: str
    task_name: str
    task_kind: str
    method: str
    authority_ids: tuple[str, ...]
    starts_on: date | None
    ends_on: date | None
    noted_at: datetime


@dataclass(eq=False, kw_only=True)
class Finding:
    """What one authority found, as last published."""

    inspection_id: str
    authority_id: str
    version: int
    matter_ids: tuple[str, ...]
    finding: str
    summary: str
    disposal: str
    adverse: bool
    inspected_on: date | None
