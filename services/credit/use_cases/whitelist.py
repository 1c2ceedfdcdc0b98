"""The life of a whitelist entry: proposed, approved by the head of the authority, ended or expired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import NotFound
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.credit.events import WhitelistChanged
from services.credit.model.known import KnownObject
from services.credit.model.whitelist import OPEN, ListedAlready, Whitelist, WhitelistState

ExpiredEntries = Callable[[date], Sequence[Whitelist]]
"""Active entries whose last day lies before a day."""


class NoSuchObject(NotFound):
    """The directory has no such object, or has not told of it yet."""

    def __init__(self, object_id: str) -> None:
        super().__init__(
            f"名录库中没有检查对象 {object_id}，请核对代码",
            f"the directory has no object {object_id!r}",
            object_id=object_id,
        )


def propose_whitelist(work: Work, entry: Whitelist, *, by: Principal, now: datetime) -> Whitelist:
    """Enter an object or a matter for the caller's authority."""
    by.require(authority=by.authority)
    if entry.object_id:
        entry.object_name = _object(work, entry.object_id).name
    entry.propose(by.authority, by.subject, today(now))
    for other in work.all(Whitelist, authority_id=by.authority, object_id=entry.object_id, state=OPEN):
        if other.matter_id == entry.matter_id:
            raise ListedAlready(other.whitelist_id)
    entry.whitelist_id = work.new_id()
    work.add(entry)
    return entry


def approve_whitelist(work: Work, whitelist_id: str, *, etag: str = "", by: Principal, now: datetime) -> Whitelist:
    """PROPOSED → ACTIVE."""
    entry = _own(work, whitelist_id, etag=etag, by=by)
    entry.approve(by.subject, now, today(now))
    return _announce(work, entry)


def decline_whitelist(
    work: Work, whitelist_id: str, reason: str, *, etag: str = "", by: Principal, now: datetime
) -> Whitelist:
    """PROPOSED → DECLINED; nobody was told of it, so nobody is told now."""
    entry = _own(work, whitelist_id, etag=etag, by=by)
    entry.decline(reason, by.subject, now)
    return entry


def end_whitelist(work: Work, whitelist_id: str, reason: str, *, etag: str = "", by: Principal) -> Whitelist:
    """ACTIVE → ENDED."""
    entry = _own(work, whitelist_id, etag=etag, by=by)
    entry.end(reason)
    return _announce(work, entry)


def expire_whitelists(work: Work, expired: ExpiredEntries, *, now: datetime) -> int:
    """Take off what has come to its last day; how many."""
    entries = expired(today(now))
    for entry in entries:
        entry.expire()
        _announce(work, entry)
    return len(entries)


def _own(work: Work, whitelist_id: str, *, etag: str, by: Principal) -> Whitelist:
    entry = work.get(Whitelist, whitelist_id, etag=etag, lock=True)
    by.require(authority=entry.authority_id)
    return entry


def _object(work: Work, object_id: str) -> KnownObject:
    known = work.find(KnownObject, object_id=object_id)
    if known is None:
        raise NoSuchObject(object_id)
    return known


def _announce(work: Work, entry: Whitelist) -> Whitelist:
    work.emit(
        WhitelistChanged(
            whitelist_id=entry.whitelist_id,
            version=entry.version + 1,  # as it will be when this transaction commits
            authority_id=entry.authority_id,
            object_id=entry.object_id,
            matter_id=entry.matter_id,
            starts_on=entry.starts_on,
            ends_on=entry.ends_on,
            active=entry.state is WhitelistState.ACTIVE,
        )
    )
    return entry
