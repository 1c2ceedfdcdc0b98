"""Enterprise codes (企业码) and the accounts that speak for an object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, PermissionDenied, Violation
from services.codes.model.code import CodeKind, CodeState
from services.codes.model.content import CodeRevoked, Content, check_time


class BindingKind(StrEnum):
    """How an account came to speak for an object."""

    OWNER = "OWNER"
    DELEGATE = "DELEGATE"


class NotAnEnterpriseCode(InvalidArgument):
    """It is an inspection's code where an enterprise's is asked for."""

    def __init__(self) -> None:
        zh, en = "这是检查码，请扫描企业码", "this is an inspection code; scan the enterprise's"
        super().__init__(Violation("text", "NOT_AN_ENTERPRISE_CODE", zh, en))


class NoIdentityProof(FailedPrecondition):
    """The sign-in does not say for whom the account speaks."""

    def __init__(self) -> None:
        super().__init__(
            "登录凭证中没有企业身份（请使用电子营业执照登录）",
            "the sign-in proves no enterprise: sign in with the electronic business licence",
        )


class OwnerNeeded(PermissionDenied):
    """Only the object's owner account may do this."""

    def __init__(self, object_id: str) -> None:
        super().__init__(
            f"仅 {object_id} 的法定代表人账号可以办理",
            f"only the owner account of {object_id} may do this",
            object=object_id,
        )


class AccountBoundAlready(AlreadyExists):
    """The account speaks for the object already."""

    def __init__(self, subject: str, object_id: str) -> None:
        super().__init__(
            f"账号 {subject} 已绑定 {object_id}",
            f"account {subject!r} speaks for {object_id} already",
            object=object_id,
        )


class BindingEnded(FailedPrecondition):
    """The binding was ended before."""

    def __init__(self, binding_id: str) -> None:
        super().__init__("该绑定已解除", f"binding {binding_id} has ended already", state="ENDED")


@dataclass(eq=False, kw_only=True)
class EnterpriseCode:
    """The code of an object; not tied to a visit."""

    code_id: str
    object_id: str
    status_index: int
    valid_from: datetime
    valid_to: datetime
    text: str = ""
    state: CodeState = CodeState.ISSUED
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def content(self) -> Content:
        """What is signed."""
        return Content(
            code_id=self.code_id,
            kind=CodeKind.ENTERPRISE,
            status_index=self.status_index,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            object_id=self.object_id,
        )

    def check_usable(self, now: datetime) -> None:
        """Refuse a code that does not stand now.

        Raises:
            CodeRevoked: a later one took its place.
            CodeExpired: too late.
        """
        if self.state is CodeState.REVOKED:
            raise CodeRevoked
        check_time(self.valid_from, self.valid_to, now)


@dataclass(eq=False, kw_only=True)
class Binding:
    """An account that speaks for an object."""

    binding_id: str
    object_id: str
    subject: str
    name: str
    kind: BindingKind
    ends_on: date | None = None
    ended_at: datetime | None = None
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the account speaks for the object that day."""
        return self.ended_at is None and (self.ends_on is None or day <= self.ends_on)

    def end(self, now: datetime) -> None:
        """It speaks no longer.

        Raises:
            BindingEnded: it had ended already.
        """
        if self.ended_at is not None:
            raise BindingEnded(self.binding_id)
        self.ended_at = now


@dataclass(eq=False, kw_only=True)
class ForeignCode:
    """A foreign code that is known to stand for an object."""

    scheme: str
    token: str
    object_id: str
    created_at: datetime | None = None
    created_by: str = ""
