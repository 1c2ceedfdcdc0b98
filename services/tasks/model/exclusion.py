"""设置排除规则: which objects on a list are left out, so that none is inspected in vain (CQ 附件1 2.2.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.errors import malformed
from services.tasks.model.record import Finding
from services.tasks.model.terms import TaskKind

STATUSES: Mapping[str, str] = {
    "ACTIVE": "存续",
    "UNTRACEABLE": "查无下落",
    "CLOSED": "关闭停业或清算备案",
    "DEREGISTERED": "注销",
    "REVOKED": "吊销",
    "RESCINDED": "撤销",
    "MOVED_OUT": "迁出",
}


@dataclass(frozen=True)
class Earlier:
    """Another inspection of an object by the same authority, done or pending, as far as it counts here."""

    kind: TaskKind
    starts_on: date
    finding: Finding | None = None
    inspected_on: date | None = None


@dataclass(frozen=True)
class RecordExclusion:
    """By inspections of the same authority, done and pending alike; all conditions hold together."""

    min_count: int = 1
    kinds: tuple[TaskKind, ...] = ()
    from_date: date | None = None
    to_date: date | None = None
    finding: Finding | None = None

    def period(self, year: int) -> tuple[date, date]:
        """First and last day; the year of the task unless said otherwise."""
        return self.from_date or date(year, 1, 1), self.to_date or date(year, 12, 31)

    def counts(self, other: Earlier, year: int) -> bool:
        """Whether an inspection is one of those that are counted."""
        if self.kinds and other.kind not in self.kinds:
            return False
        if self.finding is not None and other.finding is not self.finding:
            return False
        first, last = self.period(year)
        return first <= (other.inspected_on or other.starts_on) <= last


@dataclass(frozen=True)
class ExclusionRules:
    """What is excluded; each rule stands for itself."""

    record: RecordExclusion | None = None
    registration_statuses: tuple[str, ...] = ()
    object_ids: frozenset[str] = frozenset()

    def check(self, year: int) -> None:
        """Refuse rules that say nothing or cannot hold."""
        if not (self.record or self.registration_statuses or self.object_ids):
            zh = "请至少设置一项排除规则"
            raise malformed("record", "REQUIRED", zh, "at least one rule is required")
        for index, status in enumerate(self.registration_statuses):
            if status not in STATUSES:
                path, offered = f"registration_statuses[{index}]", "、".join(STATUSES)
                raise malformed(path, "UNKNOWN", f"{path}（{status}）应为 {offered} 之一", f"{path}: {status!r}")
        if self.record is not None:
            _check_record(self.record, year)

    def met_by(self, object_id: str, status: str, others: Iterable[Earlier], year: int) -> tuple[str, str] | None:
        """The first rule that an object meets and why, in words; None: it stays."""
        if self.record is not None:
            count = sum(self.record.counts(other, year) for other in others)
            if count >= self.record.min_count:
                first, last = self.record.period(year)
                least = self.record.min_count
                return "record", f"按检查记录排除：{first} 至 {last} 检查 {count} 次（{least} 次及以上）"
        if status in self.registration_statuses:
            return "status", f"按企业状态排除：{STATUSES[status]}"
        return ("list", "按指定名单排除") if object_id in self.object_ids else None


@dataclass(eq=False, kw_only=True)
class Exclusion:
    """Rules as they were applied to a task's list, kept with it.

    Args:
        object_ids: the named list, with objects that were not on the task's list (yet).
        by_record, by_status, by_list: how many objects each rule excluded.
    """

    exclusion_id: str
    task_id: str
    authority_id: str
    record: RecordExclusion | None
    registration_statuses: tuple[str, ...]
    object_ids: tuple[str, ...]
    by_record: int
    by_status: int
    by_list: int
    applied_by: str
    applied_at: datetime

    @property
    def rules(self) -> ExclusionRules:
        return ExclusionRules(self.record, self.registration_statuses, frozenset(self.object_ids))

    @property
    def list_size(self) -> int:
        return len(self.object_ids)


def _check_record(record: RecordExclusion, year: int) -> None:
    if record.min_count < 1:
        raise malformed("record.min_count", "RANGE", "检查次数至少为 1", "record.min_count must be at least 1")
    first, last = record.period(year)
    if last < first:
        raise malformed(
            "record.to_date", "PERIOD", "检查时间段的结束日期不能早于开始日期", "the period ends before it begins"
        )
