"""A whitelist entry (白名单, TJ 3): an object or a matter that an authority does not visit on site without a lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, PermissionDenied, Violation
from services.credit.model.texts import ID, too_long


class WhitelistState(StrEnum):
    """State of a whitelist entry."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    DECLINED = "DECLINED"
    ENDED = "ENDED"
    EXPIRED = "EXPIRED"


OPEN = (WhitelistState.PROPOSED, WhitelistState.ACTIVE)


class WrongWhitelistState(FailedPrecondition):
    """The entry is not in the state this needs."""

    def __init__(self, state: WhitelistState, needed: WhitelistState) -> None:
        super().__init__(
            f"该白名单条目的状态为 {state}，此操作要求 {needed}",
            f"this whitelist entry is {state}; only a {needed} one allows this",
            state=state,
            possible=needed,
        )


class ProposerDecides(PermissionDenied):
    """Who proposed an entry may not decide on it."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            "提出人不能审批自己提出的白名单", f"{subject} proposed this entry; another person must decide on it"
        )


class NothingListed(InvalidArgument):
    """An entry names neither an object nor a matter."""

    def __init__(self) -> None:
        zh, en = "检查对象和检查事项至少填写一项", "name an object, a matter, or both"
        super().__init__(Violation("whitelist.object_id", "REQUIRED", zh, en))


class TermBackwards(InvalidArgument):
    """An entry ends before it starts, or has ended already."""

    def __init__(self, starts_on: date, ends_on: date) -> None:
        zh = f"截止日期 {ends_on} 应不早于开始日期 {starts_on} 和今天"
        en = f"the last day {ends_on} must not be before the first ({starts_on}) nor before today"
        super().__init__(Violation("whitelist.ends_on", "RANGE", zh, en))


class TermOver(FailedPrecondition):
    """An entry's last day went by before it was decided."""

    def __init__(self, ends_on: date) -> None:
        super().__init__(
            f"该白名单条目的截止日期 {ends_on} 已过，不能批准，可不予批准后重新提出",
            f"the entry's last day ({ends_on}) has passed; decline it, and propose another",
            ends_on=ends_on,
        )


class ListedAlready(AlreadyExists):
    """An entry for the same object and matter is proposed or active."""

    def __init__(self, whitelist_id: str) -> None:
        super().__init__(
            "该机构已有相同对象和事项的白名单条目",
            f"entry {whitelist_id} of this authority lists the same",
            whitelist_id=whitelist_id,
        )


@dataclass(eq=False, kw_only=True)
class Whitelist:
    """A whitelist entry."""

    whitelist_id: str = ""
    authority_id: str = ""
    object_id: str = ""
    object_name: str = ""
    matter_id: str = ""
    reason: str
    starts_on: date | None = None
    ends_on: date | None = None
    state: WhitelistState = WhitelistState.PROPOSED
    proposed_by: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    end_reason: str = ""
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def propose(self, authority_id: str, by: str, today: date) -> None:
        """Enter it for an authority, to be decided by its head."""
        if not (self.object_id or self.matter_id):
            raise NothingListed
        if violations := [*too_long("whitelist.matter_id", self.matter_id, ID)]:
            raise InvalidArgument(*violations)
        self.starts_on = self.starts_on or today
        if self.ends_on and self.ends_on < max(self.starts_on, today):
            raise TermBackwards(self.starts_on, self.ends_on)
        self.authority_id, self.proposed_by = authority_id, by

    def approve(self, by: str, now: datetime, today: date) -> None:
        """PROPOSED → ACTIVE, unless its last day went by while it waited."""
        self._require(WhitelistState.PROPOSED)
        if self.ends_on and self.ends_on < today:
            raise TermOver(self.ends_on)
        self._decide(WhitelistState.ACTIVE, by, now)

    def decline(self, reason: str, by: str, now: datetime) -> None:
        """PROPOSED → DECLINED."""
        self._decide(WhitelistState.DECLINED, by, now)
        self.end_reason = reason

    def end(self, reason: str) -> None:
        """ACTIVE → ENDED."""
        self._require(WhitelistState.ACTIVE)
        self.state, self.end_reason = WhitelistState.ENDED, reason

    def expire(self) -> None:
        """ACTIVE → EXPIRED: its last day has passed."""
        self._require(WhitelistState.ACTIVE)
        self.state = WhitelistState.EXPIRED

    def _decide(self, state: WhitelistState, by: str, now: datetime) -> None:
        self._require(WhitelistState.PROPOSED)
        if by == self.proposed_by:
            raise ProposerDecides(by)
        self.state, self.decided_by, self.decided_at = state, by, now

    def _require(self, needed: WhitelistState) -> None:
        if self.state is not needed:
            raise WrongWhitelistState(self.state, needed)
