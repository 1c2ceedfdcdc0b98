"""What the supervisor is warned of (风险预警, CQ 附件2 一(三))."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.chassis.errors import FailedPrecondition
from services.codes.model.code import CountKey
from services.codes.model.issue import NewCode, Register


class WarningKind(StrEnum):
    """What a warning says."""

    NO_MUTUAL_VERIFICATION = "NO_MUTUAL_VERIFICATION"
    DUPLICATE = "DUPLICATE"
    FREQUENT = "FREQUENT"
    MULTI_AGENCY = "MULTI_AGENCY"
    EXPIRED_CERTIFICATE = "EXPIRED_CERTIFICATE"
    OUT_OF_REGION = "OUT_OF_REGION"
    TASK_OVERDUE = "TASK_OVERDUE"
    DISPOSAL_OVERDUE = "DISPOSAL_OVERDUE"
    REPAIR_OVERDUE = "REPAIR_OVERDUE"
    WITHDRAWAL_OVERDUE = "WITHDRAWAL_OVERDUE"
    DRAW_ABANDONED = "DRAW_ABANDONED"


class WarningState(StrEnum):
    """How far a warning is."""

    OPEN = "OPEN"
    HANDLED = "HANDLED"


class WarningHandled(FailedPrecondition):
    """It was handled before."""

    def __init__(self) -> None:
        super().__init__("该预警已处理", "the warning was handled already", state="HANDLED")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When visits to an object are too many."""

    frequent_visits: int = 4
    frequent_days: int = 90
    multi_agency_authorities: int = 3
    multi_agency_days: int = 30

    @property
    def horizon(self) -> timedelta:
        """How far back visits matter."""
        return timedelta(days=max(self.frequent_days, self.multi_agency_days))


@dataclass(frozen=True)
class Alert:
    """A reason to warn; the same one warns once.

    Args:
        occasion: tells apart what happens more than once to the same thing, e.g. in which round of which draw.
    """

    kind: WarningKind
    authority_id: str
    object_id: str
    message: str
    inspection_id: str = ""
    code_id: str = ""
    task_id: str = ""
    due_on: date | None = None
    about: str = ""
    occasion: str = ""

    @property
    def fingerprint(self) -> str:
        """What makes two alerts the same; what is overdue for another last day is another."""
        about = self.about or self.inspection_id or self.code_id or self.task_id
        which = f"{self.due_on}" if self.due_on else self.occasion
        return f"{self.kind}|{self.authority_id}|{self.object_id}|{about}" + (f"|{which}" if which else "")


@dataclass(frozen=True)
class AbandonedDraw:
    """A round of a draw that was given up.

    Args:
        withheld: who kept a secret back: authorities, `platform`, or accounts of supervisors without one.
        path: of the public record.
        title: the record's name for people.
    """

    draw_id: str
    task_id: str
    round: int
    authority_id: str
    withheld: tuple[str, ...]
    path: str
    title: str


@dataclass(eq=False, kw_only=True)
class Warning:
    """A warning to the supervisor."""

    warning_id: str
    fingerprint: str
    kind: WarningKind
    authority_id: str
    object_id: str
    inspection_id: str
    code_id: str
    message: str
    task_id: str = ""
    state: WarningState = WarningState.OPEN
    note: str = ""
    handled_at: datetime | None = None
    handled_by: str = ""
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def handle(self, note: str, by: str, now: datetime) -> None:
        """The supervisor notes what came of it.

        Raises:
            WarningHandled: it was handled before.
        """
        if self.state is WarningState.HANDLED:
            raise WarningHandled
        self.state, self.note, self.handled_by, self.handled_at = WarningState.HANDLED, note, by, now


class PastVisit(NamedTuple):
    """A visit that has a code, as the count of visits needs it."""

    object_id: str
    lead_id: str
    day: date


class ExpiredCertificate(NamedTuple):
    """An inspector on a code that is good today, whose certificate is not."""

    code_id: str
    inspection_id: str
    object_id: str
    certificate: str
    authority_id: str
    valid_until: date | None


def abandoned_draw(draw: AbandonedDraw, names: Sequence[str]) -> str:
    """What to say of who kept a secret of a draw back."""
    return f"{draw.title}：{'、'.join(names)}未公开其承诺的秘密，该轮抽取承诺作废（公开记录 {draw.path}）"


def expired_certificate(certificate: str, valid_until: date | None) -> str:
    """What to say of an inspector who may not inspect (TJ 14)."""
    return f"执法证 {certificate} 已失效（有效期至 {valid_until or '未登记'}），持证人仍被选派开展现场检查"


def alerts_on_issue(code: NewCode, register: Register, past: Sequence[PastVisit], limits: Limits) -> Iterator[Alert]:
    """What to warn of when a code is issued.

    Args:
        past: all visits to the object that have a code, this one included.
    """
    name = register.object_name(code.object_id)

    def alert(kind: WarningKind, authority_id: str, message: str) -> Alert:
        return Alert(kind, authority_id, code.object_id, message, code.visit.inspection_id, code.code_id)

    for number in code.certificates:
        inspector = register.inspectors[number]
        if not inspector.valid_on(max(code.starts_on, register.today)):
            message = expired_certificate(number, inspector.valid_until)
            yield alert(WarningKind.EXPIRED_CERTIFICATE, inspector.authority_id, message)
    known = register.objects.get(code.object_id)
    if known is None:
        return
    for authority_id in code.authority_ids:
        authority = register.authorities[authority_id]
        if known.region and not authority.covers(known.region):
            message = f"{authority.name}（{authority.region}）拟对异地企业{name}（{known.region}）开展现场检查"
            yield alert(WarningKind.OUT_OF_REGION, authority_id, message)
        if WarningKind.DUPLICATE in code.warnings and register.counts.get(_total(authority_id, code), 0) > 1:
            count = register.counts[_total(authority_id, code)]
            message = f"{authority.name}{code.starts_on.year}年度对{name}的现场检查已安排{count}次（重复检查）"
            yield alert(WarningKind.DUPLICATE, authority_id, message)
    yield from (alert(kind, code.lead_id, f"{name}{text}") for kind, text in _too_many(code, past, limits))


def _total(authority_id: str, code: NewCode) -> CountKey:
    return CountKey(authority_id, code.object_id, code.starts_on.year)


def _too_many(code: NewCode, past: Sequence[PastVisit], limits: Limits) -> Iterator[tuple[WarningKind, str]]:
    """FREQUENT and MULTI_AGENCY; a joint visit is one visit, of its lead."""

    def within(days: int) -> list[PastVisit]:
        return [visit for visit in past if abs((code.starts_on - visit.day).days) < days]

    visits = len(within(limits.frequent_days))
    if visits >= limits.frequent_visits:
        yield WarningKind.FREQUENT, f"{limits.frequent_days}日内现场检查{visits}次（频繁检查）"
    leads = len({visit.lead_id for visit in within(limits.multi_agency_days)})
    if leads >= limits.multi_agency_authorities:
        yield WarningKind.MULTI_AGENCY, f"{limits.multi_agency_days}日内有{leads}个机构分别现场检查（多头检查）"
