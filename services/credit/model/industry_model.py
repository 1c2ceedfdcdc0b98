"""An industry credit model (行业信用评价模型): indicators, weights, thresholds; approved by a second person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, InvalidArgument, PermissionDenied, Violation
from services.credit.model.known import Finding
from services.credit.model.rating import Grade
from services.credit.model.texts import NAME, WORD, too_long

WHOLE = 100
NONE, EACH = "NONE", "EACH"
DEFAULT_WINDOW_DAYS = 365
GREATEST_WINDOW_DAYS = 3660


class ModelState(StrEnum):
    """State of a model version."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


class IndicatorSource(StrEnum):
    """Where an indicator's value comes from."""

    PUBLIC_RATING = "PUBLIC_RATING"
    RISK_CLASS = "RISK_CLASS"
    FINDING = "FINDING"
    EVALUATION = "EVALUATION"
    OVERDUE_DISPOSAL = "OVERDUE_DISPOSAL"
    TAG = "TAG"


class NotDraft(FailedPrecondition):
    """A model that rates, or has rated, stays as it is."""

    def __init__(self, model_id: str, state: ModelState) -> None:
        super().__init__(
            f"该模型版本的状态为 {state}，只有 DRAFT 状态可以修改、删除或批准；请新建一个版本",
            f"model {model_id} is {state}; only a DRAFT may be edited, deleted or approved: create a new version",
            state=state,
            possible=ModelState.DRAFT,
        )


class MakerApproves(PermissionDenied):
    """Who made a model may not approve it."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            "模型的制定人不能批准自己的模型，请由他人批准", f"{subject} made this model; another person must approve it"
        )


class DomainChanged(InvalidArgument):
    """A version belongs to one domain for good."""

    def __init__(self, domain: str) -> None:
        zh, en = f"模型的领域（{domain}）不能修改", f"the domain of a model ({domain}) cannot be changed"
        super().__init__(Violation("model.domain", "IMMUTABLE", zh, en))


@dataclass(frozen=True)
class Indicator:
    """A declared indicator; what `values` mean depends on the source, see the contract."""

    code: str
    name: str
    source: IndicatorSource | None = None
    weight: int = 0
    values: dict[str, float] = field(default_factory=dict)
    window_days: int = 0

    @property
    def window(self) -> int:
        """How many days a result or an evaluation counts."""
        return self.window_days or DEFAULT_WINDOW_DAYS

    def violations(self, path: str) -> Iterator[Violation]:
        """What is wrong with it."""
        if self.source is None:
            yield Violation(f"{path}.source", "REQUIRED", "须指明指标来源", "the source is required")
            return
        if not 0 < self.weight <= WHOLE:
            yield Violation(f"{path}.weight", "RANGE", "权重应为 1 至 100", "the weight is 1 to 100")
        if not 0 <= self.window_days <= GREATEST_WINDOW_DAYS:
            zh, en = f"期限应为 0 至 {GREATEST_WINDOW_DAYS} 天", f"the window is 0 to {GREATEST_WINDOW_DAYS} days"
            yield Violation(f"{path}.window_days", "RANGE", zh, en)
        needed, allowed = _LEVELS[self.source]
        for level in sorted(needed - self.values.keys()):
            zh, en = f"缺少取值 {level}", f"the value of {level} is missing"
            yield Violation(f"{path}.values[{level}]", "REQUIRED", zh, en)
        for level, value in sorted(self.values.items()):
            if allowed is not None and level not in allowed:
                zh, en = f"未知的取值 {level}", f"{level} is no level of {self.source}"
                yield Violation(f"{path}.values[{level}]", "UNKNOWN_LEVEL", zh, en)
            elif not 0 <= value <= 1:
                zh, en = f"{level} 的取值应在 0 至 1 之间", f"the value of {level} is 0 to 1"
                yield Violation(f"{path}.values[{level}]", "RANGE", zh, en)


_GRADES = frozenset({*Grade, NONE})
_LEVELS: dict[IndicatorSource, tuple[frozenset[str], frozenset[str] | None]] = {
    IndicatorSource.PUBLIC_RATING: (_GRADES, _GRADES),
    IndicatorSource.RISK_CLASS: (_GRADES, _GRADES),
    IndicatorSource.FINDING: (frozenset(), frozenset(Finding)),
    IndicatorSource.EVALUATION: (frozenset({NONE, EACH}), frozenset({NONE, EACH})),
    IndicatorSource.OVERDUE_DISPOSAL: (frozenset({EACH}), frozenset({EACH})),
    IndicatorSource.TAG: (frozenset({NONE}), None),
}
"""Levels an indicator of each source must name, and those it may; None: any, for tags are the field's own."""


@dataclass(frozen=True)
class Thresholds:
    """Where the ratings begin."""

    a: float = 0.0
    b: float = 0.0
    c: float = 0.0

    def grade(self, score: float) -> Grade:
        """The rating of a score."""
        if score >= self.a:
            return Grade.A
        if score >= self.b:
            return Grade.B
        return Grade.C if score >= self.c else Grade.D

    def violations(self, path: str) -> Iterator[Violation]:
        """What is wrong with them."""
        if not WHOLE >= self.a > self.b > self.c > 0:
            zh, en = "等级分界应满足 100 ≥ A > B > C > 0", "thresholds must satisfy 100 ≥ a > b > c > 0"
            yield Violation(path, "ORDER", zh, en)


@dataclass(eq=False, kw_only=True)
class IndustryModel:
    """A version of a domain's model."""

    model_id: str = ""
    domain: str
    model_version: int = 0
    name: str
    authority_id: str = ""
    state: ModelState = ModelState.DRAFT
    indicators: tuple[Indicator, ...] = ()
    thresholds: Thresholds = Thresholds()
    approved_by: str = ""
    approved_at: datetime | None = None
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def check(self) -> None:
        """Refuse a model that cannot rate.

        Raises:
            InvalidArgument: names every field that is wrong.
        """
        violations = [*self._violations()]
        if violations:
            raise InvalidArgument(*violations)

    def revise(self, name: str, indicators: Sequence[Indicator], thresholds: Thresholds) -> None:
        """Replace what a draft says."""
        self.require_draft()
        self.name, self.indicators, self.thresholds = name, tuple(indicators), thresholds
        self.check()

    def approve(self, by: str, now: datetime) -> None:
        """DRAFT → ACTIVE, by somebody else than its maker."""
        self.require_draft()
        if by == self.created_by:
            raise MakerApproves(by)
        self.state, self.approved_by, self.approved_at = ModelState.ACTIVE, by, now

    def retire(self) -> None:
        """Leave the domain to a later version."""
        self.state = ModelState.RETIRED

    def require_draft(self) -> None:
        """Refuse to touch what rates or has rated."""
        if self.state is not ModelState.DRAFT:
            raise NotDraft(self.model_id, self.state)

    def listens_to(self, source: IndicatorSource) -> bool:
        """Whether any of its indicators looks at this source."""
        return any(indicator.source is source for indicator in self.indicators)

    def _violations(self) -> Iterator[Violation]:
        yield from too_long("model.domain", self.domain, WORD)
        yield from too_long("model.name", self.name, NAME)
        for n, indicator in enumerate(self.indicators):
            yield from indicator.violations(f"model.indicators[{n}]")
        codes = Counter(indicator.code for indicator in self.indicators)
        for code in sorted(code for code, count in codes.items() if count > 1):
            zh, en = f"指标代码 {code} 重复", f"the code {code} is used twice"
            yield Violation("model.indicators", "DUPLICATE", zh, en)
        total = sum(indicator.weight for indicator in self.indicators)
        if total != WHOLE:
            zh, en = f"各指标权重之和为 {total}，应为 100", f"the weights add up to {total}, they must to 100"
            yield Violation("model.indicators", "WEIGHTS", zh, en)
        yield from self.thresholds.violations("model.thresholds")
