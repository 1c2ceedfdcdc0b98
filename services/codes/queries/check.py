"""What a code says, for who reads it: the public with personal data masked, the enterprise in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, Refusal
from services.codes import cose
from services.codes.model.code import CodeKind, InspectionCode, UnknownCode
from services.codes.model.content import CodeExpired, CodeNotYetValid, CodeRevoked, Content
from services.codes.model.enterprise_code import EnterpriseCode
from services.codes.model.live import PresentationForged, PresentationStale
from services.codes.model.visit import CodeReplayed, Visit, VisitExceptedAlready
from services.codes.queries.seen import Named, SeenAuthority, SeenInspector, SeenMatter
from services.codes.tables import codes, enterprise_codes, visits

Said = tuple["Verdict", str, str]
"""A verdict, in Chinese and in English."""


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
    STALE = "STALE"


VERDICTS: dict[type[Refusal], Verdict] = {
    cose.ForeignCode: Verdict.FOREIGN,
    cose.MalformedCode: Verdict.MALFORMED,
    cose.UnknownKey: Verdict.UNKNOWN_KEY,
    cose.ForgedCode: Verdict.FORGED,
    UnknownCode: Verdict.UNKNOWN_CODE,
    CodeRevoked: Verdict.REVOKED,
    CodeExpired: Verdict.EXPIRED,
    CodeNotYetValid: Verdict.NOT_YET_VALID,
    CodeReplayed: Verdict.USED,
    VisitExceptedAlready: Verdict.USED,
    PresentationStale: Verdict.STALE,
    PresentationForged: Verdict.FORGED,
}


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


def check_publicly(session: Session, decodings: Iterable[Callable[[], Content]], now: datetime) -> list[Check]:
    """Whether texts are genuine codes, good now; every text has an answer, in their order.

    Args:
        decodings: each reads one text and checks its signature.
    """
    read = [_decoded(decode) for decode in decodings]
    contents = [each for each in read if isinstance(each, Content)]
    issued = Issued.of(session, contents)
    named = Named.of(
        session,
        today(now),
        objects=(content.object_id for content in contents if content.object_id),
        authorities=(id for content in contents for id in content.authorities),
        matters=(id for content in contents for id in content.matters),
        inspectors=(number for content in contents for number in content.certificates),
    )
    return [_described(each, issued, named, now) if isinstance(each, Content) else each for each in read]


def check_for_enterprise(session: Session, code: InspectionCode, visit: Visit, now: datetime) -> Check:
    """What the enterprise sees when it has scanned an inspection code."""
    named = Named.of(
        session,
        today(now),
        objects=[visit.object_id],
        authorities=code.authority_ids,
        matters=code.matter_ids,
        inspectors=code.certificates,
    )
    return Check(
        *_authentic(code),
        code_id=code.code_id,
        kind=code.kind,
        task_number=code.task_number,
        task_name=code.task_name,
        object_id=visit.object_id,
        object_name=named.object(visit.object_id).name,
        authorities=named.authorities(code.authority_ids),
        matters=named.matters(code.matter_ids),
        inspectors=named.inspectors(code.certificates),
        valid_from=code.valid_from,
        valid_to=code.valid_to,
        visit=visit,
    )


@dataclass(frozen=True)
class Issued:
    """Codes that were issued, by id, and the visit of each that is for one object."""

    codes: Mapping[str, EnterpriseCode | InspectionCode]
    visits: Mapping[str, Visit]

    @classmethod
    def of(cls, session: Session, contents: Sequence[Content]) -> Issued:
        """Look up the codes of these contents."""
        found: dict[str, EnterpriseCode | InspectionCode] = {}
        paid: dict[str, Visit] = {}
        if ids := [each.code_id for each in contents if each.kind == CodeKind.ENTERPRISE]:
            chosen = select(EnterpriseCode).where(enterprise_codes.c.code_id.in_(ids))
            found |= {code.code_id: code for code in session.scalars(chosen)}
        if ids := [each.code_id for each in contents if each.kind != CodeKind.ENTERPRISE]:
            pairs = session.execute(_with_visits(), {"ids": ids}).all()
            found |= {code.code_id: code for code, _ in pairs}
            paid = {code.code_id: visit for code, visit in pairs if visit is not None}
        return cls(found, paid)

    def verdict(self, code: EnterpriseCode | InspectionCode, now: datetime) -> Said:
        """Whether a code is good now."""
        try:
            code.check_usable(now)
            if visit := self.visits.get(code.code_id):
                visit.check_open()
        except Refusal as refusal:
            return VERDICTS[type(refusal)], refusal.zh, refusal.en
        return _authentic(code)


@cache
def _with_visits() -> Select[InspectionCode, Visit]:
    """Codes with their visits; a survey's code has many, none of which uses it up."""
    of_one_object = (visits.c.code_id == codes.c.code_id) & (codes.c.object_id != "")
    pairs = select(InspectionCode, Visit).outerjoin(visits, of_one_object)
    return pairs.where(codes.c.code_id.in_(bindparam("ids", expanding=True)))


def _decoded(decode: Callable[[], Content]) -> Content | Check:
    try:
        return decode()
    except (InvalidArgument, PresentationStale) as refusal:
        return Check(VERDICTS[type(refusal)], refusal.zh, refusal.en)


def _authentic(code: EnterpriseCode | InspectionCode) -> Said:
    if isinstance(code, EnterpriseCode):
        return Verdict.AUTHENTIC, "真实有效的企业码", "a genuine enterprise code, good now"
    if code.test:
        return Verdict.AUTHENTIC, "真实的检查码，但属测试任务，不构成检查", "genuine, but of a test task: no inspection"
    return Verdict.AUTHENTIC, "真实有效的检查码", "a genuine inspection code, good now"


def _described(content: Content, issued: Issued, named: Named, now: datetime) -> Check:
    """What the public may know."""
    code = issued.codes.get(content.code_id)
    if code is None:
        unknown = UnknownCode(content.code_id)
        return Check(Verdict.UNKNOWN_CODE, unknown.zh, unknown.en)
    visited = named.object(content.object_id).masked()
    return Check(
        *issued.verdict(code, now),
        code_id=content.code_id,
        kind=CodeKind(content.kind),
        task_number=content.task_number,
        task_name=getattr(code, "task_name", ""),
        object_id=visited.object_id,
        object_name=visited.name,
        authorities=named.authorities(content.authorities),
        matters=named.matters(content.matters),
        inspectors=[one.masked() for one in named.inspectors(content.certificates)],
        valid_from=content.valid_from,
        valid_to=content.valid_to,
    )
