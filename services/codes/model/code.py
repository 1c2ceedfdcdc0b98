"""A code that announces a visit (执法码, 检查码)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.chassis.clock import SHANGHAI
from services.chassis.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied, Violation
from services.codes.model.content import CodeRevoked, Content, check_time


class CodeKind(StrEnum):
    """What a code announces."""

    SINGLE = "SINGLE"
    JOINT = "JOINT"
    SURVEY = "SURVEY"
    EXTERNAL = "EXTERNAL"
    ENTERPRISE = "ENTERPRISE"


class CodeState(StrEnum):
    """Whether a code stands."""

    ISSUED = "ISSUED"
    REVOKED = "REVOKED"


class UnknownCode(NotFound):
    """The signature is ours, the code is not on record."""

    def __init__(self, code_id: str) -> None:
        super().__init__(
            "签名有效，但平台未签发过此码，请向执法监督机构反映",
            f"the signature is right, but code {code_id} was never issued; report it",
            code_id=code_id,
        )


class NotAnInspectionCode(InvalidArgument):
    """It is an enterprise's code where an inspection's is asked for."""

    def __init__(self) -> None:
        zh, en = "这是企业码，请扫描检查人员出示的检查码", "this is an enterprise code; scan the inspector's"
        super().__init__(Violation("text", "NOT_AN_INSPECTION_CODE", zh, en))


class NotOnTheCode(PermissionDenied):
    """The caller's certificate is not on the code."""

    def __init__(self, certificate: str) -> None:
        super().__init__(
            f"您的执法证（{certificate or '未登记'}）不在此检查码的检查人员之列",
            f"certificate {certificate!r} is not among the code's inspectors",
            certificate=certificate,
        )


class AuthorityNotOnCode(InvalidArgument):
    """The authority named did not take part."""

    def __init__(self, authority_id: str) -> None:
        zh = f"机构 {authority_id or '（未指明）'} 未参与本次检查，请从检查码上的机构中选择"
        en = f"authority {authority_id!r} is not on the code: name one that is"
        super().__init__(Violation("authority_id", "NOT_ON_THE_CODE", zh, en))


class CertificateNotValid(PermissionDenied):
    """The caller's certificate does not allow inspecting today (TJ 14)."""

    def __init__(self, certificate: str) -> None:
        super().__init__(
            f"执法证 {certificate} 已失效或未登记，不得开展检查",
            f"certificate {certificate!r} is expired or not on record; no inspection with it",
            certificate=certificate,
        )


class VisitUnderWay(FailedPrecondition):
    """The code was used; it cannot be taken back any more."""

    def __init__(self, state: str) -> None:
        super().__init__(
            f"检查已入场（{state}），检查码不能撤销",
            f"the visit took place ({state}): its code cannot be revoked",
            state=state,
        )


class CountKey(NamedTuple):
    """What visits are counted by: `matter_id` is empty for all visits of the authority."""

    authority_id: str
    object_id: str
    year: int
    matter_id: str = ""


@dataclass(frozen=True)
class CodePart:
    """One authority's share in a visit."""

    authority_id: str
    matter_ids: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()


def count_keys(parts: tuple[CodePart, ...], object_id: str, year: int) -> Iterator[CountKey]:
    """The counters a visit moves: a joint one counts once per authority, and once per matter of each (TJ 10)."""
    for authority_id in dict.fromkeys(part.authority_id for part in parts):
        yield CountKey(authority_id, object_id, year)
    matters = ((part.authority_id, matter_id) for part in parts for matter_id in part.matter_ids)
    for authority_id, matter_id in dict.fromkeys(matters):
        yield CountKey(authority_id, object_id, year, matter_id)


def start_of(day: date) -> datetime:
    """The first instant of a civil day."""
    return datetime.combine(day, time(), SHANGHAI)


def end_of(day: date) -> datetime:
    """The first instant after a civil day."""
    return start_of(day + timedelta(days=1))


@dataclass(eq=False, kw_only=True)
class InspectionCode:
    """One code per inspection; counted against the annual cap unless it is a test's or a survey's."""

    code_id: str
    kind: CodeKind
    parts: tuple[CodePart, ...]
    lead_id: str
    task_number: str
    starts_on: date
    ends_on: date
    valid_from: datetime
    valid_to: datetime
    status_index: int
    text: str
    inspection_id: str = ""
    task_id: str = ""
    task_name: str = ""
    task_kind: str = ""
    object_id: str = ""
    test: bool = False
    warnings: tuple[str, ...] = ()
    lead_kind: str = ""
    lead_detail: str = ""
    state: CodeState = CodeState.ISSUED
    revoked_at: datetime | None = None
    revocation_reason: str = ""
    purged: bool = False
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def authority_ids(self) -> tuple[str, ...]:
        """All authorities, the lead first."""
        return tuple(dict.fromkeys(part.authority_id for part in self.parts))

    @property
    def certificates(self) -> tuple[str, ...]:
        """All inspectors."""
        return tuple(dict.fromkeys(number for part in self.parts for number in part.certificates))

    @property
    def matter_ids(self) -> tuple[str, ...]:
        """All matters."""
        return tuple(dict.fromkeys(matter for part in self.parts for matter in part.matter_ids))

    @property
    def is_counted(self) -> bool:
        """Whether its visit counts against the annual cap."""
        return not self.test and bool(self.object_id)

    def count_keys(self) -> Iterator[CountKey]:
        """The counters its visit moved."""
        return count_keys(self.parts, self.object_id, self.starts_on.year)

    def content(self) -> Content:
        """What is signed."""
        return Content(
            code_id=self.code_id,
            kind=self.kind,
            status_index=self.status_index,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            object_id=self.object_id,
            task_number=self.task_number,
            authorities=self.authority_ids,
            matters=self.matter_ids,
            certificates=self.certificates,
        )

    def part_of(self, authority_id: str) -> CodePart:
        """An authority's part; it need not be named when there is one only.

        Raises:
            AuthorityNotOnCode: it took no part.
        """
        if not authority_id and len(self.parts) == 1:
            return self.parts[0]
        for part in self.parts:
            if part.authority_id == authority_id:
                return part
        raise AuthorityNotOnCode(authority_id)

    def check_usable(self, now: datetime) -> None:
        """Refuse a code that does not serve a visit now.

        Raises:
            CodeRevoked: it was taken back.
            CodeExpired: too late.
            CodeNotYetValid: too early.
        """
        self.check_not_revoked()
        check_time(self.valid_from, self.valid_to, now)

    def check_not_revoked(self) -> None:
        """Refuse a code that was taken back.

        Raises:
            CodeRevoked: it was.
        """
        if self.state is CodeState.REVOKED:
            raise CodeRevoked(self.revocation_reason)

    def check_inspector(self, certificate: str, authority_id: str) -> None:
        """Refuse an inspector who is not on it; a part without inspectors (a survey's) is open to its authority's.

        Raises:
            NotOnTheCode: another inspector's code.
        """
        is_open = any(not part.certificates and part.authority_id == authority_id for part in self.parts)
        if not certificate or not (certificate in self.certificates or is_open):
            raise NotOnTheCode(certificate)

    def revoke(self, reason: str, now: datetime) -> None:
        """Take it back.

        Raises:
            CodeRevoked: it was already.
        """
        self.check_not_revoked()
        self.state, self.revoked_at, self.revocation_reason = CodeState.REVOKED, now, reason
