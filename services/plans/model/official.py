"""Officials: who plans, reviews, runs tasks or heads in which authority (CQ 附件1 1.1.1); rights come from tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, Violation
from services.plans.model import checks
from services.plans.model.values import content_of, restate


class OfficialRole(StrEnum):
    """What somebody does in an authority; the lower-case word is the role of a token."""

    PLANNER = "PLANNER"
    REVIEWER = "REVIEWER"
    TASK_MANAGER = "TASK_MANAGER"
    AUTHORITY_HEAD = "AUTHORITY_HEAD"
    REPAIR_OFFICER = "REPAIR_OFFICER"


class OfficialExists(AlreadyExists):
    """The account has a post."""

    def __init__(self, subject: str, authority_id: str) -> None:
        super().__init__(
            f"账号（{subject}）已登记在机构（{authority_id}）的人员名册中；同一机构请修改原记录，调任请先由原机构移出名册",
            f"account {subject!r} is registered with authority {authority_id!r}: change that entry there, "
            "or have it retired first when the person has moved",
            subject=subject,
            authority_id=authority_id,
        )


class OfficialRetired(FailedPrecondition):
    """The entry was taken off the register."""

    def __init__(self, official_id: str, name: str) -> None:
        super().__init__(
            f"{name}（{official_id}）已移出人员名册，只能查看；重新任职请重新登记",
            f"{name} ({official_id}) was taken off the register and can only be read; register the account anew",
            official_id=official_id,
        )


@dataclass(eq=False, kw_only=True)
class OfficialContent:
    """What is entered of an official and may change."""

    name: str = ""
    roles: tuple[OfficialRole, ...] = ()
    post: str = ""
    active_from: date | None = None
    active_until: date | None = None

    def violations(self) -> Iterator[Violation]:
        """What is missing or malformed."""
        yield from checks.filled("name", self.name)
        yield from checks.short("name", self.name, 100)
        yield from checks.filled("roles", self.roles)
        yield from checks.distinct("roles", self.roles)
        yield from checks.short("post", self.post, 100)
        yield from checks.filled("active_from", self.active_from)
        yield from checks.span("active_until", self.active_from, self.active_until)

    def is_in_post(self, day: date) -> bool:
        """Whether a day is one of those of the post."""
        begun = self.active_from is not None and self.active_from <= day
        return begun and (self.active_until is None or day <= self.active_until)


@dataclass(eq=False, kw_only=True)
class Official(OfficialContent):
    """Somebody with a post in an authority (机构人员)."""

    official_id: str
    subject: str
    authority_id: str
    retired: bool = False
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def change(self, content: OfficialContent) -> None:
        """Take new content.

        Raises:
            OfficialRetired: the entry is off the register.
        """
        self.require_registered()
        restate(self, content)
        self.version += 1

    def retire(self) -> None:
        """Leave the register for good.

        Raises:
            OfficialRetired: the entry is off already.
        """
        self.require_registered()
        self.retired = True
        self.version += 1

    def require_registered(self) -> None:
        """Refuse what is off the register."""
        if self.retired:
            raise OfficialRetired(self.official_id, self.name)

    def is_active(self, day: date) -> bool:
        """Whether this is somebody in their post."""
        return not self.retired and self.is_in_post(day)


@dataclass(eq=False, kw_only=True)
class OfficialVersion(OfficialContent):
    """An entry of the register as it was in one version; never changed."""

    official_id: str
    version: int
    retired: bool = False
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @classmethod
    def of(cls, official: Official) -> OfficialVersion:
        content = content_of(official, OfficialContent)
        id = official.official_id
        return cls(**vars(content), official_id=id, version=official.version, retired=official.retired)


def subject_violations(subject: str) -> Iterator[Violation]:
    """An account as a token names it."""
    yield from checks.filled("subject", subject)
    yield from checks.short("subject", subject, 128)
    if subject != subject.strip():
        yield Violation("subject", "BLANKS", "账号前后不能有空格", "the account must not begin or end with blanks")


def reviewer_violations(subject: str, official: Official | None, authority_id: str, day: date) -> Iterator[Violation]:
    """Why this account cannot be named as a plan's reviewer (CQ 附件1 1.1.1).

    Args:
        official: what the register has under the account now.
        authority_id: the authority whose plan is to be reviewed.
    """
    if official is None or official.authority_id != authority_id:
        zh = f"本机构人员名册中没有账号“{subject}”，请从可选审核人中选择，或先由机构负责人、管理员登记该人员"
        en = (
            f"the register has no official {subject!r} in your authority: choose one of ListReviewers, or have the head"
        )
        yield Violation("reviewer_id", "UNKNOWN_REVIEWER", zh, f"{en} or an administrator register the account first")
    elif not official.is_active(day):
        term = f"{official.active_from} 至 {official.active_until or '今'}"
        zh = f"{official.name}（{subject}）在 {day} 不在任期内（{term}），请另选审核人，或先更新其任职日期"
        en = f"{official.name} ({subject}) is not in post on {day}: name somebody else, or have these days mended"
        yield Violation("reviewer_id", "REVIEWER_NOT_ACTIVE", zh, en)
    elif OfficialRole.REVIEWER not in official.roles:
        zh = f"{official.name}（{subject}）在人员名册中没有审核人角色，请另选审核人，或先在名册中增加该角色"
        en = f"{official.name} ({subject}) is no reviewer in the register: name somebody else, or have the role entered"
        yield Violation("reviewer_id", "NOT_A_REVIEWER", zh, en)
