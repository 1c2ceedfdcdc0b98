"""Registering, changing and retiring officials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from services.chassis.errors import Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.events import OfficialChanged
from services.plans.model import checks
from services.plans.model.authority import Authority
from services.plans.model.official import (
    Official,
    OfficialContent,
    OfficialExists,
    OfficialVersion,
    subject_violations,
)
from services.plans.model.plan_state import OVERSEERS
from services.plans.model.values import content_of
from services.plans.use_cases.authority import no_such_authority, own_authority


def register_official(
    work: Work, subject: str, authority_id: str, content: OfficialContent, *, by: Principal, day: date
) -> Official:
    """Enter somebody in the register: an administrator, or the head of the authority."""
    authority_id = registering_authority(work, authority_id, by)
    content = begun(content, day)
    found = [*subject_violations(subject), *content.violations(), *_unknown_authority(work, authority_id)]
    checks.refuse(found, within="official")
    standing = registered(work, subject)
    if standing is not None:
        raise OfficialExists(subject, standing.authority_id)
    return _keep_version(work, enter_official(work, subject, authority_id, content))


def enter_official(work: Work, subject: str, authority_id: str, content: OfficialContent) -> Official:
    """Keep a new entry that is checked."""
    official = Official(
        official_id=work.new_id(), subject=subject, authority_id=authority_id, **vars(content), version=1
    )
    work.add(official)
    return _announced(work, official)


def update_official(
    work: Work, official_id: str, changes: Mapping[str, Any], *, etag: str = "", by: Principal
) -> Official:
    """Change an entry."""
    official = kept_official(work, official_id, etag=etag, by=by)
    official.require_registered()
    content = replace(content_of(official, OfficialContent), **changes)
    checks.refuse(content.violations(), within="official")
    return _keep_version(work, change_official(work, official, content))


def change_official(work: Work, official: Official, content: OfficialContent) -> Official:
    """Take new content that is checked."""
    official.change(content)
    return _announced(work, official)


def retire_official(work: Work, official_id: str, *, etag: str = "", by: Principal) -> Official:
    """Take an entry off the register."""
    official = kept_official(work, official_id, etag=etag, by=by)
    official.retire()
    return _keep_version(work, _announced(work, official))


def kept_official(work: Work, official_id: str, *, etag: str = "", by: Principal) -> Official:
    """An entry that is the caller's to change, held for it.

    Raises:
        NoSuchThing: there is none.
        NotYours: it is another authority's.
        StaleEtag: it has changed since the caller saw it.
    """
    official = work.get(Official, official_id, etag=etag, lock=True)
    if "administrator" not in by.roles:
        by.require(authority=official.authority_id)
    return official


def seen_official(work: Work, official_id: str, *, by: Principal) -> Official:
    """An entry that the caller may read.

    Raises:
        NoSuchThing: there is none.
        NotYours: it is another authority's.
    """
    official = work.get(Official, official_id)
    officials_shown_to(official.authority_id, by)
    return official


def officials_shown_to(authority_id: str, by: Principal) -> str:
    """Whose officials a caller sees who asks for those of an authority; empty: of all.

    Raises:
        NotYours: another authority was asked for.
    """
    if not OVERSEERS.isdisjoint(by.roles):
        return authority_id
    by.require(authority=authority_id or by.authority)
    return by.authority


def registered(work: Work, subject: str) -> Official | None:
    """The entry of an account, unless it was taken off the register."""
    return work.find(Official, subject=subject, retired=False)


def registering_authority(work: Work, authority_id: str, by: Principal) -> str:
    """Where somebody is registered: where an administrator says, else in the own authority.

    Raises:
        NoAuthority: the caller belongs to none.
        NotYours: another authority was named.
    """
    if "administrator" in by.roles and authority_id:
        return authority_id
    own = own_authority(work, by).authority_id
    by.require(authority=authority_id or own)
    return own


def begun(content: OfficialContent, day: date) -> OfficialContent:
    """A post that nobody dated begins today."""
    return content if content.active_from else replace(content, active_from=day)


def _unknown_authority(work: Work, authority_id: str) -> list[Violation]:
    return [] if work.find(Authority, authority_id=authority_id) else [no_such_authority(authority_id)]


def _announced(work: Work, official: Official) -> Official:
    work.emit(OfficialChanged.of(official))
    return official


def _keep_version(work: Work, official: Official) -> Official:
    work.add(OfficialVersion.of(official))
    return official
