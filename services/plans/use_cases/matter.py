"""Entering, changing, claiming and retiring matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.events import MatterChanged
from services.plans.model import checks
from services.plans.model.matter import Matter, MatterContent, MatterExists, MatterVersion, code_violations
from services.plans.model.values import content_of
from services.plans.use_cases.authority import own_authority


def create_matter(work: Work, matter_id: str, content: MatterContent, *, by: Principal, now: datetime) -> Matter:
    """Put a matter on the list."""
    checks.refuse([*code_violations(matter_id), *content.violations()], within="matter")
    if work.find(Matter, matter_id=matter_id):
        raise MatterExists(matter_id)
    return enter_matter(work, matter_id, content, by=by, now=now)


def enter_matter(work: Work, matter_id: str, content: MatterContent, *, by: Principal, now: datetime) -> Matter:
    """Keep a new matter whose content is checked."""
    matter = Matter(matter_id=matter_id, **vars(content.with_item_ids()), version=1)
    work.add(matter)
    return keep_version(work, matter, by=by, now=now)


def update_matter(
    work: Work, matter_id: str, changes: Mapping[str, Any], *, etag: str = "", by: Principal, now: datetime
) -> Matter:
    """Make a new version of a matter."""
    matter = work.get(Matter, matter_id, etag=etag, lock=True)
    content = replace(content_of(matter, MatterContent), **changes)
    checks.refuse(content.violations(), within="matter")
    matter.change(content)
    return keep_version(work, matter, by=by, now=now)


def retire_matter(work: Work, matter_id: str, *, etag: str = "", by: Principal, now: datetime) -> Matter:
    """Take a matter off the list."""
    matter = work.get(Matter, matter_id, etag=etag, lock=True)
    matter.retire()
    return keep_version(work, matter, by=by, now=now)


def claim_matter(work: Work, matter_id: str, *, etag: str = "", by: Principal, now: datetime) -> Matter:
    """Let the caller's authority inspect a matter (认领)."""
    authority = own_authority(work, by)
    matter = work.get(Matter, matter_id, etag=etag, lock=True)
    is_news = matter.claim(authority.authority_id, authority.domains)
    return keep_version(work, matter, by=by, now=now) if is_news else matter


def unclaim_matter(work: Work, matter_id: str, *, etag: str = "", by: Principal, now: datetime) -> Matter:
    """Give a matter back."""
    authority = own_authority(work, by)
    matter = work.get(Matter, matter_id, etag=etag, lock=True)
    is_news = matter.unclaim(authority.authority_id)
    return keep_version(work, matter, by=by, now=now) if is_news else matter


def keep_version(work: Work, matter: Matter, *, by: Principal, now: datetime) -> Matter:
    """Put the version a matter has come to on record, and announce it."""
    work.add(MatterVersion.of(matter, now=now, by=by.subject))
    work.emit(MatterChanged.of(matter))
    return matter


def matters_named(work: Work, ids: set[str]) -> dict[str, Matter]:
    """Those of them that are there, by code."""
    return {each.matter_id: each for each in work.all(Matter, matter_id=ids)} if ids else {}
