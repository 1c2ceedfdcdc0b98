"""A model tried on history: how it would spread the objects, how they would move, and whom it would have caught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import fsum

from services.credit.model.figures import GradeCount
from services.credit.model.industry_model import IndustryModel
from services.credit.model.rating import Grade
from services.credit.model.scoring import Record, score


@dataclass(frozen=True)
class Crowd:
    """Objects whose records say the same to a model, so that the score of one is the score of all.

    Args:
        before: how they stand by the active model.
        inspected: those of them with an inspection that the hit rates look at.
        found: those of them where one of these was adverse.
    """

    record: Record
    before: Grade | None
    objects: int
    inspected: int
    found: int


@dataclass(frozen=True)
class RatingMove:
    """How many objects go from one rating to another."""

    before: Grade | None
    after: Grade
    count: int


@dataclass(frozen=True)
class HitRate:
    """How often problems were found at the objects of a rating."""

    rating: Grade
    objects: int
    inspected: int
    found: int

    @property
    def rate(self) -> float:
        """Objects with a problem among those inspected."""
        return round(self.found / self.inspected, 4) if self.inspected else 0.0


@dataclass(frozen=True)
class Backtest:
    """What the ratings of a domain would be, or would have been.

    Args:
        as_of: the day they are made for; the hits are of what was found afterwards. None: today, and the hits are of
            all that was ever found.
    """

    objects: int
    distribution: tuple[GradeCount, ...]
    moves: tuple[RatingMove, ...]
    mean_score: float
    hits: tuple[HitRate, ...]
    as_of: date | None = None


def backtest(model: IndustryModel, crowds: Iterable[Crowd], day: date, as_of: date | None) -> Backtest:
    """Score each crowd once, by the same rule that rates."""
    moves: Counter[tuple[Grade | None, Grade]] = Counter()
    inspected: Counter[Grade] = Counter()
    found: Counter[Grade] = Counter()
    points: list[float] = []
    for crowd in crowds:
        made = score(model, crowd.record, day)
        moves[crowd.before, made.rating] += crowd.objects
        inspected[made.rating] += crowd.inspected
        found[made.rating] += crowd.found
        points.append(made.score * crowd.objects)
    after = {grade: sum(count for (_, to), count in moves.items() if to == grade) for grade in Grade}
    return Backtest(
        objects=moves.total(),
        distribution=tuple(GradeCount(grade, after[grade]) for grade in Grade),
        moves=tuple(RatingMove(*move, count) for move, count in sorted(moves.items(), key=str)),
        mean_score=round(fsum(points) / moves.total(), 2) if moves else 0.0,
        hits=tuple(HitRate(grade, after[grade], inspected[grade], found[grade]) for grade in Grade),
        as_of=as_of,
    )
