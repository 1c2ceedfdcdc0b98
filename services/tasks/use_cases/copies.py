"""What plans and sampling announce, kept by version: the greatest stays, repeats and latecomers change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from services.chassis.work import Work
from services.tasks.model.copies import Authority, CheckForm, Inspector, Matter, Plan

Copy = Authority | CheckForm | Inspector | Matter | Plan


def keep_copies(work: Work, kind: type[Copy], copies: Iterable[Copy]) -> None:
    """Keep whole states, set-based."""
    names = [field.name for field in fields(kind)]
    work.upsert(kind, [{name: getattr(copy, name) for name in names} for copy in copies])
