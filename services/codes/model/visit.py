"""What happens on site: a code is presented, two codes are scanned, or it is recorded why not (两码互核, TJ 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.clock import SHANGHAI
from services.chassis.errors import FailedPrecondition, InvalidArgument, PermissionDenied, Violation
from services.codes.model.attachment import Attachment


class VisitState(StrEnum):
    """How far a visit is."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    EXCEPTED = "EXCEPTED"


class ExceptionKind(StrEnum):
    """Why it goes on without mutual verification."""

    REFUSED_TO_SCAN = "REFUSED_TO_SCAN"
    CANNOT_AUTHENTICATE = "CANNOT_AUTHENTICATE"
    NO_NETWORK = "NO_NETWORK"
    OTHER = "OTHER"


class CodeReplayed(FailedPrecondition):
    """The code served its visit; it does not serve again."""

    def __init__(self, verified_at: datetime) -> None:
        at = verified_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        super().__init__(
            f"该检查码已于 {at} 完成两码互核，不能重复使用",
            f"the code was used: its visit was mutually verified at {verified_at.isoformat()}",
            state="VERIFIED",
            verified_at=at,
        )


class VisitExceptedAlready(FailedPrecondition):
    """The visit goes on by a recorded exception."""

    def __init__(self, exception: str) -> None:
        super().__init__(
            f"该次检查已登记例外情形（{exception}），不再核验",
            f"the visit goes on by a recorded exception ({exception})",
            state="EXCEPTED",
            exception=exception,
        )


class WrongEnterprise(FailedPrecondition):
    """The enterprise code scanned is another object's than the inspection code's."""

    def __init__(self, scanned: str, expected: str) -> None:
        super().__init__(
            f"所扫企业码属于 {scanned}，与检查码的检查对象 {expected} 不符",
            f"the enterprise code is {scanned}'s, the inspection code is for {expected}",
            scanned=scanned,
            expected=expected,
        )


class NotTheObject(PermissionDenied):
    """The account does not speak for the object."""

    def __init__(self, object_id: str) -> None:
        super().__init__(
            f"您的账号未绑定检查对象 {object_id}",
            f"your account does not speak for object {object_id!r}",
            object=object_id,
        )


class ObjectNeeded(InvalidArgument):
    """A survey's code does not say whose visit it is."""

    def __init__(self) -> None:
        zh, en = "摸底检查码须指明检查对象 object_id", "a survey's code needs object_id"
        super().__init__(Violation("object_id", "REQUIRED", zh, en))


@dataclass(eq=False, kw_only=True)
class Visit:
    """One object visited by one code."""

    visit_id: str
    code_id: str
    inspection_id: str
    object_id: str
    state: VisitState = VisitState.PENDING
    presented_at: datetime | None = None
    presented_by: str = ""
    enterprise_scanned_at: datetime | None = None
    enterprise_scanned_by: str = ""
    inspector_scanned_at: datetime | None = None
    inspector_scanned_by: str = ""
    enterprise_code_scheme: str = ""
    verified_at: datetime | None = None
    exception: ExceptionKind | None = None
    exception_reason: str = ""
    exception_photo: Attachment | None = None
    excepted_at: datetime | None = None
    excepted_by: str = ""
    receipt: str = ""
    offline: bool = False
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def has_begun(self) -> bool:
        """Whether the enterprise has met the inspectors."""
        return self.state is not VisitState.PENDING or self.enterprise_scanned_at is not None

    def present(self, certificate: str, now: datetime) -> None:
        """An inspector shows the code (亮码); the first time is kept."""
        if self.presented_at is None:
            self.presented_at, self.presented_by = now, certificate

    def scan_by_enterprise(self, subject: str, now: datetime) -> bool:
        """The enterprise scans the inspection code; whether that verifies the visit.

        Raises:
            CodeReplayed: it was verified before.
            VisitExceptedAlready: it goes on by an exception.
        """
        self.check_open()
        if self.enterprise_scanned_at is None:
            self.enterprise_scanned_at, self.enterprise_scanned_by = now, subject
        return self._verify()

    def scan_by_inspector(self, certificate: str, scheme: str, now: datetime) -> bool:
        """An inspector scans the enterprise code; whether that verifies the visit.

        Raises:
            CodeReplayed: it was verified before.
            VisitExceptedAlready: it goes on by an exception.
        """
        self.check_open()
        if self.inspector_scanned_at is None:
            self.inspector_scanned_at, self.inspector_scanned_by = now, certificate
            self.enterprise_code_scheme = scheme
        return self._verify()

    def except_(self, kind: ExceptionKind, reason: str, photo: Attachment, certificate: str, now: datetime) -> None:
        """An inspector records why it goes on without mutual verification.

        Raises:
            CodeReplayed: it was verified before.
            VisitExceptedAlready: an exception is recorded already.
        """
        self.check_open()
        self.state, self.exception, self.exception_reason, self.exception_photo = (
            VisitState.EXCEPTED,
            kind,
            reason,
            photo,
        )
        self.excepted_at, self.excepted_by = now, certificate

    def check_open(self) -> None:
        """Refuse a visit that is over and done with.

        Raises:
            CodeReplayed: it was verified.
            VisitExceptedAlready: it goes on by an exception.
        """
        if self.state is VisitState.VERIFIED:
            assert self.verified_at is not None
            raise CodeReplayed(self.verified_at)
        if self.state is VisitState.EXCEPTED:
            raise VisitExceptedAlready(str(self.exception))

    def _verify(self) -> bool:
        """Both scans make a verified visit, in either order (CQ 附件2 一(二))."""
        if self.enterprise_scanned_at is None or self.inspector_scanned_at is None:
            return False
        self.state = VisitState.VERIFIED
        self.verified_at = max(self.enterprise_scanned_at, self.inspector_scanned_at)  # offline scans come in any order
        return True
