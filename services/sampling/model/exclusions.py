"""Which objects are left out of a draw, and why (排除规则, CQ 2.2.2.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.chassis.errors import InvalidArgument, Violation
from services.sampling.model.candidates import Candidates
from services.sampling.model.inspection_object import RegistrationStatus
from services.sampling.model.neighbours import Task, Whitelisting
from services.sampling.model.strata import MOST_NAMED, Candidate

KINDS = frozenset({"DAILY", "SPECIAL", "RANDOM", "INSTANT"})


class Reason(StrEnum):
    """Why an object is not in the frame, as excluded.csv says it; the first that holds."""

    RECORD = "RECORD"
    STATUS = "STATUS"
    NAMED = "NAMED"
    WHITELIST = "WHITELIST"
    SAME_MATTER = "SAME_MATTER"
    NO_STRATUM = "NO_STRATUM"


@dataclass(frozen=True)
class RecordExclusion:
    """By inspection record (按检查记录排除): all conditions together, own inspections, done or pending.

    Args:
        kinds: task kinds that count; none: all.
        from_date, to_date: days that count; None: the task's year.
        at_least: how many inspections.
        findings: that count; none: any, and pending ones, which have none yet.
    """

    kinds: tuple[str, ...] = ()
    from_date: date | None = None
    to_date: date | None = None
    at_least: int = 1
    findings: tuple[str, ...] = ()

    def in_year(self, year: int) -> RecordExclusion:
        """The rule with its default period: the year."""
        first, last = self.from_date or date(year, 1, 1), self.to_date or date(year, 12, 31)
        return RecordExclusion(self.kinds, first, last, self.at_least or 1, self.findings)

    def violations(self, path: str) -> Iterator[Violation]:
        """What is wrong with it."""
        if not KINDS.issuperset(self.kinds):
            yield Violation(
                f"{path}.kinds", "KIND", f"检查类型应为 {'、'.join(sorted(KINDS))}", f"kinds are {sorted(KINDS)}"
            )
        if self.at_least < 0:
            yield Violation(f"{path}.at_least", "RANGE", "检查次数应不小于 1", "at_least is 1 or more")
        if self.from_date and self.to_date and self.to_date < self.from_date:
            yield Violation(f"{path}.to_date", "RANGE", "结束日期早于开始日期", "to_date is before from_date")


@dataclass(frozen=True)
class DrawExclusions:
    """The rules; an object is left out when any of them says so."""

    by_record: tuple[RecordExclusion, ...] = ()
    by_status: tuple[RegistrationStatus, ...] = ()
    by_name: tuple[str, ...] = ()
    by_whitelist: bool = False
    same_matter_this_year: bool = False

    def in_year(self, year: int) -> DrawExclusions:
        """The rules with their default periods.

        Raises:
            InvalidArgument: names every field at fault.
        """
        rules = enumerate(self.by_record)
        violations = [v for index, rule in rules for v in rule.violations(f"exclusions.by_record[{index}]")]
        if len(self.by_name) > MOST_NAMED:
            zh, en = f"指定名单最多 {MOST_NAMED} 个对象", f"at most {MOST_NAMED} objects by name"
            violations.append(Violation("exclusions.by_name", "TOO_MANY", zh, en))
        if violations:
            raise InvalidArgument(*violations)
        by_record = tuple(rule.in_year(year) for rule in self.by_record)
        return DrawExclusions(by_record, self.by_status, self.by_name, self.by_whitelist, self.same_matter_this_year)


@dataclass(frozen=True)
class ExclusionEffect:
    """What one rule takes out of the scope.

    Args:
        rule: as its field is called, e.g. `by_record[0]`.
        covers: objects, whether other rules cover them too or not.
        alone: objects that no other rule covers.
    """

    rule: str
    covers: int
    alone: int


@dataclass(frozen=True)
class Excluder:
    """The rules with what they come to on the day of the draw.

    Args:
        by_record: of each rule by inspection record, the objects it covers.
        recorded, named, whitelisted, same_matter: ids of objects.
        statuses: registration statuses.
        everybody: the whitelist covers every object.
    """

    recorded: Collection[str] = frozenset()
    statuses: Collection[str] = frozenset()
    named: Collection[str] = frozenset()
    whitelisted: Collection[str] = frozenset()
    everybody: bool = False
    same_matter: Collection[str] = frozenset()
    by_record: tuple[Collection[str], ...] = ()

    def named_ids(self) -> frozenset[str]:
        """Every object that some rule names by its id."""
        return frozenset().union(self.recorded, self.named, self.whitelisted, self.same_matter)

    def effects(self, candidates: Candidates) -> tuple[ExclusionEffect, ...]:
        """What each rule that covers something takes out, in the order of the rules."""
        scope = set(candidates.ids)
        hits = {
            **{f"by_record[{number}]": scope & set(ids) for number, ids in enumerate(self.by_record)},
            "by_status": set(candidates.ids_where(lambda kind: kind.registration_status in self.statuses)),
            "by_name": scope & set(self.named),
            "by_whitelist": scope if self.everybody else scope & set(self.whitelisted),
            "same_matter_this_year": scope & set(self.same_matter),
        }
        times = Counter(id for ids in hits.values() for id in ids)
        found = ((rule, len(ids), sum(times[id] == 1 for id in ids)) for rule, ids in hits.items() if ids)
        return tuple(ExclusionEffect(*each) for each in found)

    def reason(self, candidate: Candidate) -> Reason | None:
        """Why an object is left out; None: it is not."""
        id = candidate.object_id
        if id in self.recorded:
            return Reason.RECORD
        if candidate.registration_status in self.statuses:
            return Reason.STATUS
        if id in self.named:
            return Reason.NAMED
        if self.everybody or id in self.whitelisted:
            return Reason.WHITELIST
        return Reason.SAME_MATTER if id in self.same_matter else None


def whitelisted(task: Task, entries: Collection[Whitelisting], day: date) -> tuple[frozenset[str], bool]:
    """Objects that the lead's whitelist keeps from every matter of the task, and whether it keeps all of them."""
    binding = [entry for entry in entries if entry.binds(day)]
    for_all = {entry.matter_id for entry in binding if not entry.object_id}
    wanted = task.own_matters
    covered: dict[str, set[str]] = {}
    for entry in binding:
        if entry.object_id:
            covered.setdefault(entry.object_id, set(for_all)).add(entry.matter_id)
    objects = (id for id, matters in covered.items() if "" in matters or (wanted and wanted <= matters))
    return frozenset(objects), bool(wanted) and wanted <= for_all
