"""How an object stands: public rating (公共信用评价), risk class (信用风险分类), industry ratings (行业信用评价)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Grade(StrEnum):
    """A credit rating or a risk class, best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class RatingCause(StrEnum):
    """What made a rating change."""

    IMPORT = "IMPORT"
    RESULT = "RESULT"
    CORRECTION = "CORRECTION"
    REPAIR = "REPAIR"
    EVALUATION = "EVALUATION"
    MODEL = "MODEL"
    EXPIRY = "EXPIRY"
    OVERDUE = "OVERDUE"
    TAG = "TAG"


@dataclass(frozen=True)
class IndustryScore:
    """The rating of one domain's model."""

    domain: str
    rating: Grade
    score: float
    model_id: str
    computed_at: datetime

    def says_the_same_as(self, other: IndustryScore | None) -> bool:
        """Whether nothing but the time of computing differs."""
        return other is not None and (self.rating, self.score, self.model_id) == (
            other.rating,
            other.score,
            other.model_id,
        )


@dataclass(frozen=True)
class Imported:
    """What a source outside says about an object; None leaves what stands."""

    object_id: str
    public_rating: Grade | None
    risk_class: Grade | None
    valid_until: date | None
    source: str


@dataclass(eq=False, kw_only=True)
class Rating:
    """How an object stands.

    Args:
        version: number of the last change; grows over all objects.
        industry: one score per domain that has something to say, by domain.
    """

    object_id: str
    version: int = 0
    changed_at: datetime | None = None
    public_rating: Grade | None = None
    public_valid_until: date | None = None
    public_source: str = ""
    risk_class: Grade | None = None
    risk_valid_until: date | None = None
    risk_source: str = ""
    industry: tuple[IndustryScore, ...] = ()

    def take(self, row: Imported) -> None:
        """Stand as a source outside says."""
        if row.public_rating:
            self.public_rating, self.public_valid_until, self.public_source = (
                row.public_rating,
                row.valid_until,
                row.source,
            )
        if row.risk_class:
            self.risk_class, self.risk_valid_until, self.risk_source = row.risk_class, row.valid_until, row.source

    def drop_expired(self, today: date) -> None:
        """Let fall what is valid no longer."""
        if self.public_valid_until and self.public_valid_until < today:
            self.public_rating, self.public_valid_until, self.public_source = None, None, ""
        if self.risk_valid_until and self.risk_valid_until < today:
            self.risk_class, self.risk_valid_until, self.risk_source = None, None, ""

    def score(self, scores: Sequence[IndustryScore]) -> None:
        """Stand so in the domains; a score that says the same as before keeps its time of computing."""
        before = {score.domain: score for score in self.industry}
        kept = [before[s.domain] if s.says_the_same_as(before.get(s.domain)) else s for s in scores]
        self.industry = tuple(sorted(kept, key=lambda score: score.domain))

    def said(self) -> tuple[object, ...]:
        """All that anybody is told of it, to see whether it has changed."""
        public = (self.public_rating, self.public_valid_until, self.public_source)
        return (*public, self.risk_class, self.risk_valid_until, self.risk_source, self.industry)

    def expires_on(self) -> date | None:
        """The first day on which something is valid no longer."""
        ends = [end for end in (self.public_valid_until, self.risk_valid_until) if end and end < date.max]
        return min(ends) + timedelta(days=1) if ends else None


@dataclass(eq=False, kw_only=True)
class RatingChange:
    """How an object stood after a change, and what made it change: the history nobody rewrites."""

    change_id: str
    object_id: str
    version: int
    changed_at: datetime
    cause: RatingCause
    cause_id: str
    public_rating: Grade | None
    risk_class: Grade | None
    industry: tuple[IndustryScore, ...]


@dataclass(eq=False, kw_only=True)
class DomainRating:
    """One industry score by itself, so that objects can be found by it."""

    object_id: str
    domain: str
    rating: Grade
    score: float


@dataclass(eq=False, kw_only=True)
class RatingDue:
    """The day an object's rating must be looked at again although nobody says anything."""

    object_id: str
    due_on: date | None
    cause: RatingCause
    cause_id: str
