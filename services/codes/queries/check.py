"""What a code says, for who reads it: the public with personal data masked, the enterprise in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, Refusal
from services.codes import signing
from services.codes.model.code import CodeKind, InspectionCode, UnknownCode
from services.codes.model.content import CodeExpired, CodeNotYetValid, CodeRevoked, Content
from services.codes.model.directory import CheckItem, KnownAuthority, KnownInspector, KnownMatter, KnownObject
from services.codes.model.enterprise_code import EnterpriseCode
from services.codes.model.visit import CodeReplayed, Visit, VisitExceptedAlready
from services.codes.queries.code import visits_of
from services.codes.tables import known_authorities, known_inspectors, known_matters


class Verdict(StrEnum):
    """What a check of a code's authenticity says."""

    AUTHENTIC = "AUTHENTIC"
    USED = "USED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    REVOKED = "REVOKED"
    FOREIGN = "FOREIGN"
    MALFORMED = "MALFORMED"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    FORGED = "FORGED"
    UNKNOWN_CODE = "UNKNOWN_CODE"


VERDICTS: dict[type[Refusal], Verdict] = {
    signing.ForeignCode: Verdict.FOREIGN,
    signing.MalformedCode: Verdict.MALFORMED,
    signing.UnknownKey: Verdict.UNKNOWN_KEY,
    signing.ForgedCode: Verdict.FORGED,
    UnknownCode: Verdict.UNKNOWN_CODE,
    CodeRevoked: Verdict.REVOKED,
    CodeExpired: Verdict.EXPIRED,
    CodeNotYetValid: Verdict.NOT_YET_VALID,
    CodeReplayed: Verdict.USED,
    VisitExceptedAlready: Verdict.USED,
}


@dataclass(frozen=True)
class SeenAuthority:
    """An authority on a code."""

    authority_id: str
    name: str
    on_subject_list: bool


@dataclass(frozen=True)
class SeenMatter:
    """A matter on a code."""

    matter_id: str
    name: str
    legal_basis: str = ""
    items: tuple[CheckItem, ...] = ()


@dataclass(frozen=True)
class SeenInspector:
    """An inspector on a code."""

    certificate: str
    name: str
    authority_id: str
    valid: bool
    valid_until: date | None = None

    def masked(self) -> SeenInspector:
        """As the public sees him."""
        return SeenInspector(
            _mask(self.certificate, 2), self.name[:1] + "*" * (len(self.name) - 1), self.authority_id, self.valid
        )


@dataclass(frozen=True)
class Check:
    """What a code says."""

    verdict: Verdict
    message_zh: str
    message_en: str
    code_id: str = ""
    kind: CodeKind | None = None
    task_number: str = ""
    task_name: str = ""
    object_id: str = ""
    object_name: str = ""
    authorities: list[SeenAuthority] = field(default_factory=list)
    matters: list[SeenMatter] = field(default_factory=list)
    inspectors: list[SeenInspector] = field(default_factory=list)
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    visit: Visit | None = None


def check_publicly(session: Session, decode: Callable[[], Content], now: datetime) -> Check:
    """Whether a text is a genuine code, good now; every text has an answer.

    Args:
        decode: reads the text and checks its signature.
    """
    try:
        content = decode()
    except InvalidArgument as refusal:
        return Check(VERDICTS[type(refusal)], refusal.zh, refusal.en)
    code: EnterpriseCode | InspectionCode | None
    if content.kind == CodeKind.ENTERPRISE:
        code = session.get(EnterpriseCode, content.code_id)
    else:
        code = session.get(InspectionCode, content.code_id)
    if code is None:
        unknown = UnknownCode(content.code_id)
        return Check(Verdict.UNKNOWN_CODE, unknown.zh, unknown.en)
    return _described(session, code, content, now, _verdict(session, code, now))


def check_for_enterprise(session: Session, code: InspectionCode, visit: Visit, now: datetime) -> Check:
    """What the enterprise sees when it has scanned an inspection code."""
    known = session.get(KnownObject, visit.object_id)
    return Check(
        *_authentic(code),
        code_id=code.code_id,
        kind=code.kind,
        task_number=code.task_number,
        task_name=code.task_name,
        object_id=visit.object_id,
        object_name=known.name if known else "",
        authorities=_authorities(session, code.authority_ids, today(now)),
        matters=_matters(session, code.matter_ids),
        inspectors=_inspectors(session, code.certificates, today(now)),
        valid_from=code.valid_from,
        valid_to=code.valid_to,
        visit=visit,
    )


def _verdict(session: Session, code: EnterpriseCode | InspectionCode, now: datetime) -> tuple[Verdict, str, str]:
    try:
        code.check_usable(now)
        if isinstance(code, InspectionCode):
            for visit in visits_of(session, [code]).values():
                visit.check_open()
    except Refusal as refusal:
        return VERDICTS[type(refusal)], refusal.zh, refusal.en
    return _authentic(code)


def _authentic(code: EnterpriseCode | InspectionCode) -> tuple[Verdict, str, str]:
    if isinstance(code, EnterpriseCode):
        return Verdict.AUTHENTIC, "真实有效的企业码", "a genuine enterprise code, good now"
    if code.test:
        return Verdict.AUTHENTIC, "真实的检查码，但属测试任务，不构成检查", "genuine, but of a test task: no inspection"
    return Verdict.AUTHENTIC, "真实有效的检查码", "a genuine inspection code, good now"


def _described(
    session: Session,
    code: EnterpriseCode | InspectionCode,
    content: Content,
    now: datetime,
    verdict: tuple[Verdict, str, str],
) -> Check:
    """What the public may know."""
    known = session.get(KnownObject, content.object_id) if content.object_id else None
    is_person = known is not None and known.type == "PERSON"
    name = known.name if known else ""
    return Check(
        *verdict,
        code_id=content.code_id,
        kind=CodeKind(content.kind),
        task_number=content.task_number,
        task_name=getattr(code, "task_name", ""),
        object_id=_mask(content.object_id, 4) if is_person else content.object_id,
        object_name=name[:1] + "*" * (len(name) - 1) if is_person else name,
        authorities=_authorities(session, content.authorities, today(now)),
        matters=_matters(session, content.matters),
        inspectors=[one.masked() for one in _inspectors(session, content.certificates, today(now))],
        valid_from=content.valid_from,
        valid_to=content.valid_to,
    )


def _authorities(session: Session, ids: Iterable[str], day: date) -> list[SeenAuthority]:
    statement = select(KnownAuthority).where(known_authorities.c.authority_id.in_(ids := list(ids)))
    known = {one.authority_id: one for one in session.scalars(statement)} if ids else {}
    return [
        SeenAuthority(id, known[id].name if id in known else "", id in known and known[id].listed_on(day)) for id in ids
    ]


def _matters(session: Session, ids: Iterable[str]) -> list[SeenMatter]:
    statement = select(KnownMatter).where(known_matters.c.matter_id.in_(ids := list(ids)))
    known = {one.matter_id: one for one in session.scalars(statement)} if ids else {}
    return [
        SeenMatter(id, known[id].name, known[id].legal_basis, known[id].items) if id in known else SeenMatter(id, "")
        for id in ids
    ]


def _inspectors(session: Session, numbers: Iterable[str], day: date) -> list[SeenInspector]:
    statement = select(KnownInspector).where(known_inspectors.c.certificate.in_(numbers := list(numbers)))
    known = {one.certificate: one for one in session.scalars(statement)} if numbers else {}
    return [
        SeenInspector(number, one.name, one.authority_id, one.valid_on(day), one.valid_until)
        if (one := known.get(number))
        else SeenInspector(number, "", "", valid=False)
        for number in numbers
    ]


def _mask(text: str, shown: int) -> str:
    """The first and last characters, and stars between."""
    if len(text) <= 2 * shown:
        return "*" * len(text)
    return text[:shown] + "*" * (len(text) - 2 * shown) + text[-shown:]
