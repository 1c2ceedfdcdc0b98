"""Entering and changing authorities, and who the caller acts for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from services.chassis.errors import Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.events import AuthorityChanged
from services.plans.model import checks
from services.plans.model.authority import (
    Authority,
    AuthorityContent,
    AuthorityExists,
    AuthorityVersion,
    NoAuthority,
    Payment,
    payment_violations,
)
from services.plans.model.values import content_of


def create_authority(work: Work, authority_id: str, content: AuthorityContent, payment: Payment) -> Authority:
    """Enter an authority."""
    around = [*_parent_violations(work, content), *_short_name_violations(work, content, authority_id)]
    checks.refuse([*code_violations(authority_id), *content.violations(), *around], within="authority")
    checks.refuse(payment_violations(payment), within="authority.payment")
    if work.find(Authority, authority_id=authority_id):
        raise AuthorityExists(authority_id)
    authority = Authority(authority_id=authority_id, **vars(content), payment=payment, version=1)
    work.add(authority)
    return _keep_version(work, authority)


def update_authority(work: Work, authority_id: str, changes: Mapping[str, Any], *, etag: str = "") -> Authority:
    """Change what an administrator enters."""
    authority = work.get(Authority, authority_id, etag=etag, lock=True)
    content = replace(content_of(authority, AuthorityContent), **changes)
    below = child_violations(content, work.all(Authority, parent_id=authority_id))
    around = [*_parent_violations(work, content), *_short_name_violations(work, content, authority_id), *below]
    checks.refuse([*content.violations(), *around], within="authority")
    authority.change(content)
    return _keep_version(work, authority)


def update_payment(work: Work, authority_id: str, payment: Payment, *, etag: str = "", by: Principal) -> Authority:
    """Complete payment and seal data: an administrator, or the authority itself."""
    if "administrator" not in by.roles:
        by.require(authority=authority_id)
    checks.refuse(payment_violations(payment), within="payment")
    authority = work.get(Authority, authority_id, etag=etag, lock=True)
    authority.complete(payment)
    return _keep_version(work, authority)


def own_authority(work: Work, by: Principal) -> Authority:
    """The authority the caller acts for.

    Raises:
        NoAuthority: there is none.
    """
    authority = work.find(Authority, authority_id=by.authority) if by.authority else None
    if authority is None:
        raise NoAuthority(by.authority)
    return authority


def planning_authority(work: Work, by: Principal, day: date) -> Authority:
    """The authority the caller acts for, if it may plan.

    Raises:
        NoAuthority: there is none.
        NotOnSubjectList: it is off the subject list (TJ 14).
    """
    authority = own_authority(work, by)
    authority.require_listed(day)
    return authority


def authorities_named(work: Work, ids: set[str]) -> dict[str, Authority]:
    """Those of them that are there, by code."""
    return {each.authority_id: each for each in work.all(Authority, authority_id=ids)} if ids else {}


def no_such_authority(authority_id: str) -> Violation:
    """The violation of naming an authority that is not there."""
    zh = f"机构（{authority_id}）不存在"
    return Violation("authority_id", "UNKNOWN_AUTHORITY", zh, f"there is no authority {authority_id!r}")


def code_violations(authority_id: str) -> Iterator[Violation]:
    """A unified social credit code is 18 characters and checks out (GB 32100-2015)."""
    try:
        is_clean = uscc.validate(authority_id) == authority_id
    except InvalidLength:
        yield Violation("authority_id", "USCC_LENGTH", "统一社会信用代码应为 18 位", "the code must have 18 characters")
    except InvalidChecksum:
        yield Violation(
            "authority_id", "USCC_CHECK_DIGIT", "统一社会信用代码校验位不正确", "the code's check character is wrong"
        )
    except ValidationError:
        is_clean = False
        yield _malformed_code()
    else:
        if not is_clean:
            yield _malformed_code()


def child_violations(authority: AuthorityContent, children: list[Authority]) -> Iterator[Violation]:
    """An authority stays above those below it."""
    for child in children:
        if authority.level and child.level and child.level.rank <= authority.level.rank:
            zh = f"下级机构（{child.name}）的级别必须低于本机构"
            yield Violation("level", "CHILD_NOT_LOWER", zh, f"{child.name} is below it and must be of a lower level")


def _parent_violations(work: Work, content: AuthorityContent) -> Iterator[Violation]:
    parent = work.find(Authority, authority_id=content.parent_id) if content.parent_id else None
    yield from content.parent_violations(parent)


def _short_name_violations(work: Work, content: AuthorityContent, authority_id: str) -> Iterator[Violation]:
    yield from content.short_name_violations(work.all(Authority, short_name=content.short_name), authority_id)


def _keep_version(work: Work, authority: Authority) -> Authority:
    work.add(AuthorityVersion.of(authority))
    work.emit(AuthorityChanged.of(authority))
    return authority


def _malformed_code() -> Violation:
    return Violation(
        "authority_id",
        "USCC_FORMAT",
        "统一社会信用代码格式不正确（GB 32100-2015）",
        "the code is not as GB 32100-2015 says",
    )
