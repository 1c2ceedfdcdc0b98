"""Putting trades on the joint list, changing them, taking them off (TJ 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from services.chassis.clock import today
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.events import JointListChanged
from services.plans.model import checks
from services.plans.model.joint_list import JointList, JointListContent, JointListVersion, TradeListed
from services.plans.model.values import content_of
from services.plans.use_cases.authority import authorities_named
from services.plans.use_cases.matter import matters_named


def create_joint_list(work: Work, content: JointListContent, *, by: Principal, now: datetime) -> JointList:
    """Put a trade on the list: an administrator, or the authority that leads."""
    _require_lead(content.lead_id, by)
    _check(work, content, today(now))
    _require_free(work, content)
    return keep_version(work, enter_joint_list(work, content))


def enter_joint_list(work: Work, content: JointListContent) -> JointList:
    """Keep a new trade whose content is checked."""
    entry = JointList(joint_list_id=work.new_id(), **vars(content), version=1)
    work.add(entry)
    return entry


def update_joint_list(
    work: Work, joint_list_id: str, changes: Mapping[str, Any], *, etag: str = "", by: Principal, now: datetime
) -> JointList:
    """Change a trade."""
    entry = work.get(JointList, joint_list_id, etag=etag, lock=True)
    _require_lead(entry.lead_id, by)
    entry.require_active()
    content = replace(content_of(entry, JointListContent), **changes)
    _require_lead(content.lead_id, by)
    _check(work, content, today(now))
    _require_free(work, content, joint_list_id)
    entry.change(content)
    return keep_version(work, entry)


def retire_joint_list(work: Work, joint_list_id: str, *, etag: str = "", by: Principal) -> JointList:
    """Take a trade off the list."""
    entry = work.get(JointList, joint_list_id, etag=etag, lock=True)
    _require_lead(entry.lead_id, by)
    entry.retire()
    return keep_version(work, entry)


def _require_lead(lead_id: str, by: Principal) -> None:
    if "administrator" not in by.roles and lead_id:
        by.require(authority=lead_id)


def _check(work: Work, content: JointListContent, day: date) -> None:
    authorities = authorities_named(work, {member.authority_id for member in content.members})
    matters = matters_named(work, {id for member in content.members for id in member.matter_ids})
    checks.refuse(content.violations(authorities, matters, day), within="joint_list")


def _require_free(work: Work, content: JointListContent, own_id: str = "") -> None:
    for other in work.all(JointList, lead_id=content.lead_id, trade=content.trade, retired=False):
        if other.joint_list_id != own_id:
            raise TradeListed(content.trade, other.joint_list_id)


def keep_version(work: Work, entry: JointList) -> JointList:
    """Put the version a trade has come to on record, and announce it."""
    work.add(JointListVersion.of(entry))
    work.emit(JointListChanged.of(entry))
    return entry
