"""Authorities: the bodies with the legal power to inspect, and whether the subject list names them (TJ 14)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, PermissionDenied, Violation
from services.plans.model import checks
from services.plans.model.values import Attachment, content_of, restate


class AuthorityLevel(StrEnum):
    """Where an authority stands among the others, highest first."""

    CITY = "CITY"
    DISTRICT = "DISTRICT"
    STREET = "STREET"

    @property
    def rank(self) -> int:
        """0 for the highest."""
        return list(AuthorityLevel).index(self)


class NotOnSubjectList(FailedPrecondition):
    """Only an authority on the subject list may plan inspections (TJ 14)."""

    def __init__(self, authority_id: str, name: str, day: date) -> None:
        super().__init__(
            f"{name}（{authority_id}）在 {day} 未列入检查主体清单，不能制定或承担检查计划",
            f"{name} ({authority_id}) is not on the inspection-subject list on {day} and can plan nothing",
            authority_id=authority_id,
            day=day,
        )


class AuthorityExists(AlreadyExists):
    """Its code is there already."""

    def __init__(self, authority_id: str) -> None:
        super().__init__(
            f"机构（{authority_id}）已存在", f"authority {authority_id!r} is there already", authority_id=authority_id
        )


class NoAuthority(PermissionDenied):
    """The caller acts for no authority that is known here."""

    def __init__(self, authority_id: str) -> None:
        super().__init__(
            f"您的账号未关联已登记的机构（{authority_id or '无'}）",
            f"your account belongs to no registered authority ({authority_id or 'none'})",
            authority_id=authority_id,
        )


@dataclass(frozen=True)
class Payment:
    """What must be known of an authority before it can collect a fine or seal a paper (CQ 二(一))."""

    collecting_unit_code: str = ""
    bank_account_name: str = ""
    bank_account_number: str = ""
    penalty_code: str = ""
    seal: Attachment | None = None


PAYMENT_WORDS = {
    "执收单位编码": "collecting_unit_code",
    "缴款银行户名": "bank_account_name",
    "缴款银行账号": "bank_account_number",
    "罚没编码": "penalty_code",
    "电子印章": "seal",
}


@dataclass(eq=False, kw_only=True)
class AuthorityContent:
    """What an administrator enters of an authority."""

    name: str = ""
    short_name: str = ""
    region: str = ""
    level: AuthorityLevel | None = None
    parent_id: str = ""
    domains: tuple[str, ...] = ()
    listed_from: date | None = None
    listed_until: date | None = None

    def violations(self) -> Iterator[Violation]:
        """What is missing or malformed, whatever else is entered."""
        for name in ("name", "short_name", "region", "level", "domains"):
            yield from checks.filled(name, getattr(self, name))
        yield from checks.short("name", self.name, 200)
        yield from checks.short("short_name", self.short_name, 20)
        yield from checks.region("region", self.region)
        yield from checks.all_filled("domains", self.domains)
        yield from checks.distinct("domains", self.domains)
        yield from checks.span("listed_until", self.listed_from, self.listed_until)
        if self.listed_until and not self.listed_from:
            yield from checks.filled("listed_from", None)

    def parent_violations(self, parent: AuthorityContent | None) -> Iterator[Violation]:
        """The parent that is named must be there and of a higher level."""
        if not self.parent_id:
            return
        if parent is None:
            yield Violation(
                "parent_id",
                "UNKNOWN_AUTHORITY",
                f"上级机构（{self.parent_id}）不存在",
                f"there is no authority {self.parent_id!r} to be the parent",
            )
        elif self.level and parent.level and parent.level.rank >= self.level.rank:
            yield Violation(
                "parent_id",
                "PARENT_NOT_HIGHER",
                f"上级机构（{parent.name}）的级别必须高于本机构",
                f"the parent {parent.name} must be of a higher level than {self.level}",
            )

    def short_name_violations(self, namesakes: Iterable[Authority], own_id: str) -> Iterator[Violation]:
        """Document numbers begin with the short name, so two that are on the subject list together cannot share it."""
        for other in namesakes:
            is_same = other.short_name == self.short_name and other.authority_id != own_id
            if is_same and self._is_listed_together_with(other):
                zh = f"简称“{self.short_name}”已由{other.name}（{other.authority_id}）使用，文号会重复，请改用其他简称"
                en = f"{other.name} ({other.authority_id}) has this short name and numbers would be equal: take another"
                yield Violation("short_name", "SHORT_NAME_TAKEN", zh, en)

    def _is_listed_together_with(self, other: AuthorityContent) -> bool:
        if self.listed_from is None or other.listed_from is None:
            return False
        begins_in_time = other.listed_until is None or self.listed_from <= other.listed_until
        return begins_in_time and (self.listed_until is None or other.listed_from <= self.listed_until)

    def is_listed(self, day: date) -> bool:
        """Whether the subject list names it on this day."""
        begun = self.listed_from is not None and self.listed_from <= day
        return begun and (self.listed_until is None or day <= self.listed_until)


@dataclass(eq=False, kw_only=True)
class Authority(AuthorityContent):
    """A body with the legal power to inspect (检查主体)."""

    authority_id: str
    payment: Payment = field(default_factory=Payment)
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def require_listed(self, day: date) -> None:
        """Refuse an authority that may not inspect.

        Raises:
            NotOnSubjectList: it may not on this day.
        """
        if not self.is_listed(day):
            raise NotOnSubjectList(self.authority_id, self.name, day)

    def missing(self, day: date) -> tuple[str, ...]:
        """What it lacks, in the words of the field (CQ 二(一))."""
        lacking = [word for word, name in PAYMENT_WORDS.items() if not getattr(self.payment, name)]
        if self.level is not AuthorityLevel.CITY and not self.parent_id:
            lacking.append("上级机构")
        if not self.is_listed(day):
            lacking.append("检查主体清单")
        return tuple(lacking)

    def change(self, content: AuthorityContent) -> None:
        """Take new content."""
        restate(self, content)
        self.version += 1

    def completed(self, payment: Payment) -> Payment:
        """Its payment and seal data with these; what is not given stays as it is."""
        return Payment(
            **{name: getattr(payment, name) or getattr(self.payment, name) for name in PAYMENT_WORDS.values()}
        )

    def complete(self, payment: Payment) -> None:
        """Take payment and seal data."""
        self.payment = self.completed(payment)
        self.version += 1


@dataclass(eq=False, kw_only=True)
class AuthorityVersion(AuthorityContent):
    """An authority as it was in one version, without what it collects fines with; never changed."""

    authority_id: str
    version: int
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @classmethod
    def of(cls, authority: Authority) -> AuthorityVersion:
        content = content_of(authority, AuthorityContent)
        return cls(**vars(content), authority_id=authority.authority_id, version=authority.version)


def payment_violations(payment: Payment) -> Iterator[Violation]:
    """What is malformed in payment and seal data."""
    for name in ("collecting_unit_code", "bank_account_name", "bank_account_number", "penalty_code"):
        yield from checks.short(name, getattr(payment, name), 200)
    if payment.bank_account_number and not re.fullmatch(r"[0-9]{5,40}", payment.bank_account_number):
        yield Violation(
            "bank_account_number",
            "DIGITS",
            "缴款银行账号应为 5 至 40 位数字",
            "bank_account_number must be 5 to 40 digits",
        )
    if payment.seal is not None:
        yield from checks.file_hash("seal.sha256", payment.seal.sha256)
