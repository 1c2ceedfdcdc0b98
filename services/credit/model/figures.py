"""Figures about many objects at once: how they are spread over the grades."""

from __future__ import annotations

from dataclasses import dataclass

from services.credit.model.rating import Grade


@dataclass(frozen=True)
class GradeCount:
    """How many objects have a grade; None: not rated."""

    grade: Grade | None
    count: int


@dataclass(frozen=True)
class CoverageFigures:
    """Coverage of one region, of one domain, or of all."""

    region: str
    objects: int
    rated: int
    public_ratings: tuple[GradeCount, ...]
    risk_classes: tuple[GradeCount, ...]
    domain: str = ""
    industry_ratings: tuple[GradeCount, ...] = ()

    @property
    def share(self) -> float:
        """Rated objects among all."""
        return round(self.rated / self.objects, 4) if self.objects else 0.0


@dataclass(frozen=True)
class RatingCoverage:
    """How many objects are rated, and how the ratings are spread (CQ 附件1 一(一))."""

    total: CoverageFigures
    regions: tuple[CoverageFigures, ...]
    domains: tuple[CoverageFigures, ...]
