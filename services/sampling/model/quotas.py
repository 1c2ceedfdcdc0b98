"""How many are drawn (抽取比例/数量): rules for all strata, for regions, for single strata, or one total."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from services.chassis.errors import InvalidArgument, Violation
from services.sampling.model.frame import NotARatio, quota_by_ratio, refuse_what_is_no_ratio, spread
from services.sampling.model.strata import ALL, class_of, region_of

MOST_SUBSTITUTES = 1000


@dataclass(frozen=True)
class Quota:
    """How many: a share of the stratum, or a number."""

    ratio: Decimal | None = None
    number: int = 0

    def violations(self, path: str) -> Iterator[Violation]:
        """What is wrong with it."""
        if self.number < 0:
            yield Violation(f"{path}.number", "RANGE", "抽取数量不能为负数", "a number is not negative")
        if (self.ratio is None) == (self.number == 0):
            yield Violation(path, "ONE_OF", "应设置比例或数量中的一项", "give either a ratio or a number")
        try:
            refuse_what_is_no_ratio(self.ratio or Decimal(0))
        except NotARatio as refusal:
            yield Violation(f"{path}.ratio", "RATIO", refusal.zh, refusal.en)


@dataclass(frozen=True)
class StratumQuota:
    """The quota of one stratum: of `500118/A` alone, or of `A` in all regions (a number is spread over them)."""

    stratum: str
    quota: Quota


@dataclass(frozen=True)
class RegionQuota:
    """The quota of one region: a ratio for each of its strata, or a number spread over them."""

    region: str
    quota: Quota


@dataclass(frozen=True)
class Asked:
    """What the rules come to.

    Args:
        quotas: how many are wanted, by stratum.
        ratios: where a quota follows from a ratio, the ratio.
        total: where all quotas are spread from one total, the total.
    """

    quotas: dict[str, int] = field(default_factory=dict)
    ratios: dict[str, Decimal] = field(default_factory=dict)
    total: int | None = None

    def take(self, quota: Quota, strata: Mapping[str, int], missing: str) -> None:
        """Ask for a quota of strata that belong together.

        Args:
            strata: their counts.
            missing: the stratum that comes out short where there are none.
        """
        if quota.ratio is not None:
            self.quotas.update({name: quota_by_ratio(quota.ratio, count) for name, count in strata.items()})
            self.ratios.update(dict.fromkeys(strata, quota.ratio))
            return
        shares = spread(quota.number, strata) if any(strata.values()) else {missing: quota.number}
        self.quotas.update(shares)
        for name in shares:
            self.ratios.pop(name, None)


@dataclass(frozen=True)
class DrawQuotas:
    """The rules. `total` stands alone; otherwise the most special one that fits a stratum counts."""

    each: Quota | None = None
    total: int = 0
    per_stratum: tuple[StratumQuota, ...] = ()
    per_region: tuple[RegionQuota, ...] = ()
    substitutes: int = 0

    def check(self) -> None:
        """Refuse rules that contradict themselves or ask for nothing.

        Raises:
            InvalidArgument: names every field at fault.
        """
        violations = [*self._violations()]
        if violations:
            raise InvalidArgument(*violations)

    def ask(self, counts: Mapping[str, int]) -> Asked:
        """How many of each stratum, for strata of these sizes."""
        if self.total:
            return Asked(spread(self.total, counts), total=self.total)
        asked = Asked(dict.fromkeys(counts, 0))
        for name, count in counts.items():
            if self.each is not None:
                asked.take(self.each, {name: count}, name)
        for rule in self.per_region:
            own = {name: count for name, count in counts.items() if region_of(name) == rule.region}
            asked.take(rule.quota, own, f"{rule.region}/{ALL}")
        for special in sorted(self.per_stratum, key=lambda rule: "/" in rule.stratum):
            own = {name: n for name, n in counts.items() if special.stratum in (name, class_of(name))}
            asked.take(special.quota, own, special.stratum)
        return asked

    def _violations(self) -> Iterator[Violation]:
        rules = [*((f"per_stratum[{i}].quota", rule.quota) for i, rule in enumerate(self.per_stratum))]
        rules += [(f"per_region[{i}].quota", rule.quota) for i, rule in enumerate(self.per_region)]
        rules += [("each", self.each)] if self.each else []
        for path, quota in rules:
            yield from quota.violations(f"quotas.{path}")
        if self.total < 0:
            yield Violation("quotas.total", "RANGE", "总数不能为负数", "a total is not negative")
        if bool(self.total) == bool(rules):
            zh, en = "应设置总数，或统一、按分类、按区域的比例或数量", "give either a total or rules for the strata"
            yield Violation("quotas", "ONE_OF", zh, en)
        if not 0 <= self.substitutes <= MOST_SUBSTITUTES:
            zh, en = f"替补数量应为 0 至 {MOST_SUBSTITUTES}", f"substitutes are 0 to {MOST_SUBSTITUTES}"
            yield Violation("quotas.substitutes", "RANGE", zh, en)
