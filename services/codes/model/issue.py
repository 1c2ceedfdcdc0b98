"""Whether a visit may have a code: the rules that intercept it (拦截), in the order they are asked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property

from services.chassis.errors import FailedPrecondition, InvalidArgument, ResourceExhausted, Violation
from services.codes.model.code import CodeKind, CodePart, CountKey, count_keys, end_of, start_of
from services.codes.model.content import Content
from services.codes.model.directory import AnnualCap, KnownAuthority, KnownInspector, KnownObject, Whitelisting, cap_for

ON_SITE = "ON_SITE"
LONGEST_WINDOW = 366
"""Days a code may be good for: a visit is announced, not a season."""


class Rule(StrEnum):
    """Which rule intercepts a visit."""

    OFF_SUBJECT_LIST = "OFF_SUBJECT_LIST"
    MERGED = "MERGED"
    WHITELIST = "WHITELIST"
    ANNUAL_CAP = "ANNUAL_CAP"
    MATTER_CAP = "MATTER_CAP"


@dataclass(frozen=True)
class Objection:
    """Why a visit may not have a code.

    Args:
        authority_id: whose limit or list it is.
        message: in Chinese, for people.
        matter_id: the matter it is about; empty: all.
        count: visits counted so far that year, this one not included.
        cap: visits allowed.
    """

    rule: Rule
    authority_id: str
    message: str
    matter_id: str = ""
    count: int = 0
    cap: int = 0


class QuotaUsedUp(ResourceExhausted):
    """A system has had its codes of the day."""

    def __init__(self, per_day: int) -> None:
        super().__init__(
            f"本系统今日申领检查码已达上限 {per_day} 个，请明日再申领或联系平台调整",
            f"your system has had its {per_day} codes of today; come back tomorrow or ask for more",
            per_day=per_day,
        )


class VisitIntercepted(FailedPrecondition):
    """The visit may not take place on site, so no code was issued."""

    def __init__(self, objection: Objection) -> None:
        super().__init__(
            objection.message,
            f"no code: {objection.rule} of authority {objection.authority_id} "
            f"(counted {objection.count}, allowed {objection.cap})",
            rule=objection.rule,
            authority_id=objection.authority_id,
            matter_id=objection.matter_id,
            count=objection.count,
            cap=objection.cap,
        )


@dataclass(eq=False, kw_only=True)
class Interception:
    """A code that was refused, on record."""

    interception_id: str
    inspection_id: str
    task_id: str
    task_number: str
    object_id: str
    lead_id: str
    rule: Rule
    authority_id: str
    matter_id: str
    count: int
    cap: int
    message: str
    created_at: datetime | None = None


@dataclass(frozen=True)
class PlannedVisit:
    """A visit that asks for a code.

    Args:
        object_id: empty for a survey.
        lead_kind: what justifies visiting a whitelisted object (TJ 3); empty: nothing.
    """

    inspection_id: str
    object_id: str
    parts: tuple[CodePart, ...]
    lead_kind: str = ""
    lead_detail: str = ""


@dataclass(frozen=True)
class Dispatch:
    """What is sent out together: visits of one task."""

    task_id: str
    task_number: str
    task_name: str
    task_kind: str
    test: bool
    method: str
    kind: CodeKind
    starts_on: date
    ends_on: date
    visits: tuple[PlannedVisit, ...]

    @property
    def year(self) -> int:
        """The year its visits count in: that of the first day."""
        return self.starts_on.year

    @cached_property
    def valid_from(self) -> datetime:
        """The first instant of its codes."""
        return start_of(self.starts_on).astimezone(UTC)

    @cached_property
    def valid_to(self) -> datetime:
        """The first instant after its codes."""
        return end_of(self.ends_on).astimezone(UTC)

    def first_day(self, today: date) -> date:
        """The first day a visit can still take place."""
        return max(self.starts_on, today)

    def kind_of(self, visit: PlannedVisit) -> CodeKind:
        """The kind of a visit's code: as asked for, and JOINT for several authorities (TJ 7)."""
        if self.kind in (CodeKind.SURVEY, CodeKind.EXTERNAL):
            return self.kind
        return CodeKind.JOINT if len({part.authority_id for part in visit.parts}) > 1 else CodeKind.SINGLE

    def counts(self, visit: PlannedVisit) -> bool:
        """Whether a visit counts against the annual cap: tests count nowhere, a survey has no object."""
        return not self.test and bool(visit.object_id)

    def count_keys(self, visit: PlannedVisit) -> tuple[CountKey, ...]:
        """The counters a visit would move."""
        if not self.counts(visit):
            return ()
        keys = self._count_keys.get(id(visit))
        if keys is None:
            keys = self._count_keys[id(visit)] = tuple(count_keys(visit.parts, visit.object_id, self.year))
        return keys

    @cached_property
    def _count_keys(self) -> dict[int, tuple[CountKey, ...]]:
        """Asked for three times a visit, worked out once."""
        return {}

    def check(self, today: date) -> None:
        """Refuse days that no visit can be announced for.

        Raises:
            InvalidArgument: over before it begins, already over, or too long.
        """
        if self.ends_on < self.starts_on:
            zh, en = "ends_on 不能早于 starts_on", "ends_on must not be before starts_on"
        elif self.ends_on < today:
            zh, en = "ends_on 已过", "ends_on is in the past"
        elif (self.ends_on - self.starts_on).days >= LONGEST_WINDOW:
            zh, en = f"检查期限不得超过 {LONGEST_WINDOW} 天", f"a visit's time is at most {LONGEST_WINDOW} days"
        else:
            return
        raise InvalidArgument(Violation("ends_on", "RANGE", zh, en))


@dataclass
class Register:
    """What is known when the visits of a dispatch are decided, one after the other.

    Args:
        merged: objects of this task that a joint task visits.
        counts: visits so far; moves with every visit that is granted.
    """

    today: date
    authorities: Mapping[str, KnownAuthority]
    objects: Mapping[str, KnownObject]
    inspectors: Mapping[str, KnownInspector]
    caps: Sequence[AnnualCap] = ()
    whitelist: Sequence[Whitelisting] = ()
    merged: frozenset[str] = frozenset()
    counts: dict[CountKey, int] = field(default_factory=dict)

    def object_name(self, object_id: str) -> str:
        """For people."""
        known = self.objects.get(object_id)
        return known.name if known else object_id

    def cap(self, key: CountKey) -> int | None:
        """The limit of a counter; None: there is none."""
        group = key.authority_id, key.year, key.matter_id
        if group not in self._caps:
            self._caps[group] = cap_for(self.caps, self.authorities[key.authority_id], key.year, key.matter_id)
        return self._caps[group]

    def whitelisted(self, authority_id: str, object_id: str) -> list[Whitelisting]:
        """An authority's entries that may be about an object."""
        return self._whitelist[authority_id, object_id] + self._whitelist[authority_id, ""]

    @cached_property
    def _caps(self) -> dict[tuple[str, int, str], int | None]:
        return {}

    @cached_property
    def _whitelist(self) -> defaultdict[tuple[str, str], list[Whitelisting]]:
        entries = defaultdict(list)
        for entry in self.whitelist:
            entries[entry.authority_id, entry.object_id].append(entry)
        return entries


@dataclass
class Decision:
    """What became of the visits of a dispatch.

    Args:
        granted: visits that get a code, and whether each repeats one of the same authority in the year (重复检查).
        refused: visits that are intercepted, and why.
        counted: how many visits each counter grew by.
    """

    granted: list[tuple[PlannedVisit, bool]] = field(default_factory=list)
    refused: list[tuple[PlannedVisit, Objection]] = field(default_factory=list)
    counted: Counter[CountKey] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class NewCode:
    """A code that is about to be signed and stored; plain, since five hundred of them come at once."""

    code_id: str
    kind: CodeKind
    visit: PlannedVisit
    starts_on: date
    status_index: int
    warnings: tuple[str, ...]
    authority_ids: tuple[str, ...]
    matter_ids: tuple[str, ...]
    certificates: tuple[str, ...]
    text: str = ""

    @classmethod
    def of(
        cls, dispatch: Dispatch, visit: PlannedVisit, *, code_id: str, status_index: int, warnings: tuple[str, ...]
    ) -> NewCode:
        """The code of a visit."""
        parts = visit.parts
        return cls(
            code_id=code_id,
            kind=dispatch.kind_of(visit),
            visit=visit,
            starts_on=dispatch.starts_on,
            status_index=status_index,
            warnings=warnings,
            authority_ids=tuple(dict.fromkeys(part.authority_id for part in parts)),
            matter_ids=tuple(dict.fromkeys(matter for part in parts for matter in part.matter_ids)),
            certificates=tuple(dict.fromkeys(number for part in parts for number in part.certificates)),
        )

    @property
    def lead_id(self) -> str:
        """The authority that leads."""
        return self.authority_ids[0]

    @property
    def object_id(self) -> str:
        """Whom it is for; empty: a survey."""
        return self.visit.object_id

    def content(self, dispatch: Dispatch) -> Content:
        """What is signed."""
        return Content(
            code_id=self.code_id,
            kind=self.kind,
            status_index=self.status_index,
            valid_from=dispatch.valid_from,
            valid_to=dispatch.valid_to,
            object_id=self.visit.object_id,
            task_number=dispatch.task_number,
            authorities=self.authority_ids,
            matters=self.matter_ids,
            certificates=self.certificates,
        )


def decide(dispatch: Dispatch, register: Register) -> Decision:
    """Which visits get their code, in the order of the dispatch; each one counts before the next is looked at."""
    decision = Decision()
    for visit in dispatch.visits:
        objection = objection_to(visit, dispatch, register)
        if objection:
            decision.refused.append((visit, objection))
            continue
        keys = dispatch.count_keys(visit)
        is_repeat = any(register.counts.get(key, 0) > 0 for key in keys if not key.matter_id)
        for key in keys:
            register.counts[key] = register.counts.get(key, 0) + 1
        decision.counted.update(keys)
        decision.granted.append((visit, is_repeat))
    return decision


def objection_to(visit: PlannedVisit, dispatch: Dispatch, register: Register) -> Objection | None:
    """The first rule that intercepts a visit; None: it may have its code."""
    return next((found for rule in RULES if (found := rule(visit, dispatch, register))), None)


def _off_subject_list(visit: PlannedVisit, dispatch: Dispatch, register: Register) -> Objection | None:
    """Only an authority on the subject list inspects (TJ 14)."""
    day = dispatch.first_day(register.today)
    for part in visit.parts:
        authority = register.authorities[part.authority_id]
        if not authority.listed_on(day):
            message = f"{authority.name}于{day}不在涉企行政检查主体清单内，不予赋码"
            return Objection(Rule.OFF_SUBJECT_LIST, part.authority_id, message)
    return None


def _merged(visit: PlannedVisit, _: Dispatch, register: Register) -> Objection | None:
    """What was matched into a joint task is not visited alone (TJ 2)."""
    if visit.object_id not in register.merged or len(visit.parts) > 1:
        return None
    message = f"{register.object_name(visit.object_id)}已并入部门联合抽查任务，不再单独赋码"
    return Objection(Rule.MERGED, visit.parts[0].authority_id, message)


def _whitelisted(visit: PlannedVisit, dispatch: Dispatch, register: Register) -> Objection | None:
    """What is whitelisted is not visited without a lead (TJ 3)."""
    if visit.lead_kind or not visit.object_id:
        return None
    day = dispatch.first_day(register.today)
    for part in visit.parts:
        for entry in register.whitelisted(part.authority_id, visit.object_id):
            if entry.forbids(visit.object_id, part.matter_ids, day):
                name = register.authorities[part.authority_id].name
                what = f"检查事项{entry.matter_id}" if entry.matter_id else register.object_name(visit.object_id)
                message = f"{what}在{name}的涉企检查白名单内，无问题线索不主动开展现场检查，不予赋码"
                return Objection(Rule.WHITELIST, part.authority_id, message, entry.matter_id)
    return None


def _over_cap(visit: PlannedVisit, dispatch: Dispatch, register: Register) -> Objection | None:
    """The annual number of visits is not exceeded (TJ 10, 15)."""
    for key in dispatch.count_keys(visit):
        authority = register.authorities[key.authority_id]
        cap, count = register.cap(key), register.counts.get(key, 0)
        if cap is not None and count >= cap:
            of_matter = f"就事项{key.matter_id}" if key.matter_id else ""
            message = (
                f"{authority.name}{key.year}年度{of_matter}对{register.object_name(key.object_id)}的现场检查"
                f"已达{count}次，年度频次上限为{cap}次，予以拦截，不生成检查码"
            )
            rule = Rule.MATTER_CAP if key.matter_id else Rule.ANNUAL_CAP
            return Objection(rule, key.authority_id, message, key.matter_id, count, cap)
    return None


RULES: tuple[Callable[[PlannedVisit, Dispatch, Register], Objection | None], ...] = (
    _off_subject_list,
    _merged,
    _whitelisted,
    _over_cap,
)
