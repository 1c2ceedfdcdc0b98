"""What an authority found, and what follows from it (CQ 附件1 2.3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, InvalidArgument, Violation, malformed, required
from services.tasks.model.content import TaskMatter
from services.tasks.model.terms import Attachment, Method, check_attachments


class ItemResult(StrEnum):
    """What was found on one check item."""

    PASSED = "PASSED"
    PROBLEM = "PROBLEM"
    NOT_APPLICABLE = "NOT_APPLICABLE"

    @property
    def zh(self) -> str:
        return {"PASSED": "合格", "PROBLEM": "不合格", "NOT_APPLICABLE": "不适用"}[self]


class Finding(StrEnum):
    """What was found overall: the field's own list."""

    NO_PROBLEM = "NO_PROBLEM"
    PROBLEM_CORRECTED = "PROBLEM_CORRECTED"
    PROBLEM_PENDING = "PROBLEM_PENDING"
    NO_SUCH_ACTIVITY = "NO_SUCH_ACTIVITY"
    UNREACHABLE = "UNREACHABLE"
    CLOSED = "CLOSED"
    NOT_COOPERATING = "NOT_COOPERATING"
    GONE = "GONE"
    OTHER = "OTHER"

    @property
    def zh(self) -> str:
        return _FINDING_ZH[self]

    @property
    def is_problem(self) -> bool:
        """Whether the inspection found a problem (counted by the problem-finding rate, TJ 19)."""
        return self in PROBLEMS

    @property
    def is_adverse(self) -> bool:
        """Whether it harms the object's credit and may therefore be repaired (TJ 11)."""
        return self in PROBLEMS


PROBLEMS = frozenset({Finding.PROBLEM_CORRECTED, Finding.PROBLEM_PENDING, Finding.UNREACHABLE, Finding.NOT_COOPERATING})
_ON_ITEMS = frozenset({Finding.NO_PROBLEM, Finding.PROBLEM_CORRECTED, Finding.PROBLEM_PENDING})
_FINDING_ZH = {
    Finding.NO_PROBLEM: "未发现问题",
    Finding.PROBLEM_CORRECTED: "发现问题经责令已改正",
    Finding.PROBLEM_PENDING: "发现问题待后续处理",
    Finding.NO_SUCH_ACTIVITY: "未发现开展本次抽查涉及的经营活动",
    Finding.UNREACHABLE: "通过登记的住所无法联系",
    Finding.CLOSED: "已关闭停业或正在清算",
    Finding.NOT_COOPERATING: "不配合检查情节严重",
    Finding.GONE: "注销/吊销/撤销/迁出",
    Finding.OTHER: "其他",
}


class DisposalKind(StrEnum):
    """What follows: the field's own list."""

    NONE = "NONE"
    ORDER_CORRECTION = "ORDER_CORRECTION"
    TRANSFER = "TRANSFER"
    NOTIFY = "NOTIFY"
    OPEN_CASE = "OPEN_CASE"
    OTHER = "OTHER"

    @property
    def zh(self) -> str:
        return _DISPOSAL_ZH[self]


_DISPOSAL_ZH = {
    DisposalKind.NONE: "无需处置",
    DisposalKind.ORDER_CORRECTION: "责令改正",
    DisposalKind.TRANSFER: "线索移送",
    DisposalKind.NOTIFY: "抄告",
    DisposalKind.OPEN_CASE: "立案",
    DisposalKind.OTHER: "其他",
}


class RecheckResult(StrEnum):
    """What a recheck (复查) found."""

    CORRECTED = "CORRECTED"
    NOT_CORRECTED = "NOT_CORRECTED"


class NothingToClose(FailedPrecondition):
    """A disposal is closed once, and only where there is one."""

    def __init__(self, closed: bool) -> None:
        super().__init__(
            "后续处置已办结；现在可以：correct" if closed else "该检查结果无需后续处置；现在可以：correct",
            f"{'the disposal is closed already' if closed else 'the result has no disposal to close'}; "
            "possible now: correct",
            possible="correct",
        )


class RecheckFirst(FailedPrecondition):
    """An order to correct is closed by the recheck that finds it obeyed, and not otherwise."""

    def __init__(self) -> None:
        super().__init__(
            "责令改正须经复查确认已改正后办结；现在可以：correct、recheck",
            "an order to correct is closed by a recheck that finds it obeyed; possible now: correct, recheck",
            possible="correct,recheck",
        )


class NothingToRecheck(FailedPrecondition):
    """Only an order to correct is rechecked."""

    def __init__(self, kind: DisposalKind) -> None:
        super().__init__(
            f"后续处置为“{kind.zh}”，无需复查；现在可以：correct、close_disposal",
            f"the disposal is {kind} and is not rechecked; possible now: correct, close_disposal",
            possible="correct,close_disposal",
        )


@dataclass(frozen=True)
class ItemFinding:
    """What was found on one check item."""

    matter_id: str = ""
    item_id: str = ""
    result: ItemResult = ItemResult.PASSED
    note: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Recheck:
    """复查: whether an order to correct was obeyed; `deadline` is the one that held then."""

    result: RecheckResult
    checked_on: date
    method: Method
    note: str
    certificates: tuple[str, ...]
    recorded_by: str
    recorded_at: datetime
    deadline: date | None = None
    attachments: tuple[Attachment, ...] = ()

    def check(self, earliest: date, today: date) -> None:
        """Refuse a recheck before the visit or in the future, and files that are none."""
        check_attachments("attachments", self.attachments)
        if not earliest <= self.checked_on <= today:
            zh = f"复查日期须在 {earliest} 至 {today} 之间"
            raise malformed("checked_on", "PERIOD", zh, f"checked_on must lie between {earliest} and {today}")


@dataclass(frozen=True)
class Renewal:
    """What follows when an order was not obeyed: another deadline, or something sharper."""

    kind: DisposalKind = DisposalKind.NONE
    detail: str = ""
    deadline: date | None = None

    def check(self, result: RecheckResult, today: date) -> None:
        """Refuse one that contradicts the recheck, lacks its deadline, or has one that is over.

        Raises:
            InvalidArgument: names each field.
        """
        is_wanted, is_order = result is RecheckResult.NOT_CORRECTED, self.kind is DisposalKind.ORDER_CORRECTION
        violations = []
        if is_wanted and self.kind is DisposalKind.NONE:
            violations.append(required("disposal"))
        if is_wanted and is_order and self.deadline is None:
            violations.append(required("disposal_deadline"))
        if is_wanted and self.deadline is not None and self.deadline < today:
            zh = f"新的处置期限不能早于今天（{today}）"
            violations.append(Violation("disposal_deadline", "PERIOD", zh, "disposal_deadline is over already"))
        if not is_wanted and (self.kind is not DisposalKind.NONE or self.deadline is not None):
            zh = "复查已改正即办结，不可再填写后续处置"
            violations.append(Violation("disposal", "CONTRADICTION", zh, "a CORRECTED order needs no further disposal"))
        if violations:
            raise InvalidArgument(*violations)


@dataclass(frozen=True)
class Disposal:
    """What follows from a finding: open until it is closed; an order to correct is closed or renewed by rechecks."""

    kind: DisposalKind = DisposalKind.NONE
    detail: str = ""
    deadline: date | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    outcome: str = ""
    attachments: tuple[Attachment, ...] = ()
    rechecks: tuple[Recheck, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.kind is not DisposalKind.NONE and self.closed_at is None

    def possible(self) -> tuple[str, ...]:
        """What may be done with it now."""
        if not self.is_open:
            return ()
        return ("recheck",) if self.kind is DisposalKind.ORDER_CORRECTION else ("close_disposal",)

    def carried_into(self, corrected: Disposal) -> Disposal:
        """What becomes of it when its result is corrected: the same disposal goes on, another one begins anew."""
        if (corrected.kind, corrected.deadline) != (self.kind, self.deadline):
            return corrected
        return replace(self, detail=corrected.detail or self.detail)

    def rechecked(self, recheck: Recheck, renewal: Renewal) -> Disposal:
        """The same, closed by the recheck, or renewed.

        Raises:
            NothingToClose: it is none, or closed already.
            NothingToRecheck: it is no order to correct.
        """
        if not self.is_open:
            raise NothingToClose(self.closed_at is not None)
        if self.kind is not DisposalKind.ORDER_CORRECTION:
            raise NothingToRecheck(self.kind)
        done = replace(self, rechecks=(*self.rechecks, replace(recheck, deadline=self.deadline)))
        if recheck.result is RecheckResult.NOT_CORRECTED:
            return replace(done, kind=renewal.kind, detail=renewal.detail or self.detail, deadline=renewal.deadline)
        return replace(
            done,
            closed_at=recheck.recorded_at,
            closed_by=recheck.recorded_by,
            outcome=recheck.note,
            attachments=recheck.attachments,
        )

    def closed(self, outcome: str, attachments: tuple[Attachment, ...], by: str, now: datetime) -> Disposal:
        """The same, closed.

        Raises:
            NothingToClose: it is none, or closed already.
            RecheckFirst: it is an order to correct.
        """
        if not self.is_open:
            raise NothingToClose(self.closed_at is not None)
        if self.kind is DisposalKind.ORDER_CORRECTION:
            raise RecheckFirst
        check_attachments("attachments", attachments)
        return replace(self, closed_at=now, closed_by=by, outcome=outcome, attachments=attachments)


@dataclass(frozen=True)
class Record:
    """What an authority recorded of one inspection."""

    items: tuple[ItemFinding, ...]
    finding: Finding
    summary: str
    disposal: Disposal
    inspected_on: date
    attachments: tuple[Attachment, ...]
    certificate: str
    recorded_by: str
    recorded_at: datetime

    def check(self, matters: Iterable[TaskMatter], earliest: date, today: date) -> None:
        """Refuse a record that is incomplete or contradicts itself.

        Args:
            matters: what the authority inspects, with the items frozen in the task.
            earliest: the first day the visit could take place.

        Raises:
            InvalidArgument: names each field.
        """
        violations = [*self._item_violations(matters), *self._overall_violations(), *self._disposal_violations()]
        if violations:
            raise InvalidArgument(*violations)
        check_attachments("attachments", self.attachments)
        if not earliest <= self.inspected_on <= today:
            zh = f"检查日期须在 {earliest} 至 {today} 之间"
            raise malformed("inspected_on", "PERIOD", zh, f"inspected_on must lie between {earliest} and {today}")
        if self.disposal.deadline and self.disposal.deadline < self.inspected_on:
            zh = "处置期限不能早于检查日期"
            raise malformed("disposal_deadline", "PERIOD", zh, "disposal_deadline is before the visit")

    def _item_violations(self, matters: Iterable[TaskMatter]) -> list[Violation]:
        expected = {(matter.matter_id, item.item_id) for matter in matters for item in matter.items}
        violations, seen = [], set()
        for index, item in enumerate(self.items):
            key, path = (item.matter_id, item.item_id), f"items[{index}]"
            if key not in expected or key in seen:
                zh = f"{path}：检查项 {item.matter_id}/{item.item_id} 不在本次检查内容内或重复填写"
                violations.append(Violation(path, "ITEM", zh, f"{path}: {key} is no item of this part, or given twice"))
            if item.result is not ItemResult.PASSED and not item.note.strip():
                zh = f"{path}.note：结果为“{item.result.zh}”时须填写说明"
                violations.append(Violation(f"{path}.note", "REQUIRED", zh, f"{path}.note is required unless PASSED"))
            seen.add(key)
        if (self.items or self.finding in _ON_ITEMS) and expected - seen:
            left = "、".join(f"{matter}/{item}" for matter, item in sorted(expected - seen))
            violations.append(Violation("items", "INCOMPLETE", f"以下检查项未填写：{left}", f"items missing: {left}"))
        return violations

    def _overall_violations(self) -> list[Violation]:
        problems = any(item.result is ItemResult.PROBLEM for item in self.items)
        violations = []
        if self.finding is Finding.NO_PROBLEM and problems:
            zh = "存在不合格的检查项，检查结果不能为“未发现问题”"
            violations.append(
                Violation("finding", "CONTRADICTION", zh, "NO_PROBLEM contradicts an item with a PROBLEM")
            )
        if self.finding in (Finding.PROBLEM_CORRECTED, Finding.PROBLEM_PENDING) and not problems:
            zh = f"检查结果为“{self.finding.zh}”时，至少一个检查项应为不合格"
            violations.append(Violation("finding", "CONTRADICTION", zh, "no item has a PROBLEM"))
        if (self.finding.is_problem or self.finding is Finding.OTHER) and not self.summary.strip():
            violations.append(required("summary"))
        return violations

    def _disposal_violations(self) -> list[Violation]:
        kind, deadline = self.disposal.kind, self.disposal.deadline
        violations = []
        if self.finding is Finding.PROBLEM_PENDING and kind is DisposalKind.NONE:
            zh = "检查结果为“发现问题待后续处理”时须填写后续处置"
            violations.append(Violation("disposal", "REQUIRED", zh, "PROBLEM_PENDING needs a disposal"))
        if kind is DisposalKind.ORDER_CORRECTION and deadline is None:
            violations.append(required("disposal_deadline"))
        if kind is DisposalKind.NONE and deadline is not None:
            zh = "无需处置时不可填写处置期限"
            violations.append(Violation("disposal_deadline", "CONTRADICTION", zh, "NONE has no deadline"))
        return violations
