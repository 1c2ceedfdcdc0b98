"""How the objects of a draw are divided into classes (分类): each object falls into one, or is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from services.chassis.errors import InvalidArgument, Violation
from services.sampling.model.region import prefix

ALL = "ALL"
UNRATED = "UNRATED"
MOST_NAMED = 20_000
"""Objects that a list names one by one."""
GRADES = frozenset({"A", "B", "C", "D", UNRATED})
NAME = re.compile(r"[^,\"'/\x00-\x1f\x7f]{1,40}")


class StrataBasis(StrEnum):
    """By what objects are divided."""

    NONE = "NONE"
    PUBLIC_CREDIT = "PUBLIC_CREDIT"
    PUBLIC_AND_INDUSTRY = "PUBLIC_AND_INDUSTRY"
    INDUSTRY_CREDIT = "INDUSTRY_CREDIT"
    RISK_CLASS = "RISK_CLASS"
    TAG = "TAG"
    REGION = "REGION"
    CATEGORY = "CATEGORY"


class Candidate(NamedTuple):
    """What a draw looks at of an object in its scope.

    Args:
        industry_rating: by the model of the strata's domain.
    """

    object_id: str
    registration_status: str
    region: str
    public_rating: str
    risk_class: str
    tags: tuple[str, ...]
    industry_rating: str


@dataclass(frozen=True)
class StrataCategory:
    """A named class (对象分类): objects that fit every list that is not empty.

    Args:
        industry_ratings: by the model of the strata's domain.
        tags: an object must have at least one.
        regions: each with all within it.
        object_ids: chosen one by one (添加分类, CQ 2.2.2).
    """

    name: str
    public_ratings: tuple[str, ...] = ()
    industry_ratings: tuple[str, ...] = ()
    risk_classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    object_ids: tuple[str, ...] = ()

    @cached_property
    def chosen(self) -> frozenset[str]:
        """The objects chosen one by one, to look them up."""
        return frozenset(self.object_ids)

    def fits(self, candidate: Candidate) -> bool:
        """Whether an object belongs here."""
        return (
            (not self.object_ids or candidate.object_id in self.chosen)
            and one_of(candidate.public_rating or UNRATED, self.public_ratings)
            and one_of(candidate.industry_rating or UNRATED, self.industry_ratings)
            and one_of(candidate.risk_class or UNRATED, self.risk_classes)
            and (not self.tags or not set(self.tags).isdisjoint(candidate.tags))
            and (not self.regions or candidate.region.startswith(tuple(map(prefix, self.regions))))
        )


@dataclass(frozen=True)
class DrawStrata:
    """The division.

    Args:
        domain: whose industry rating counts, where one does.
        tags: for TAG, the first that an object has counts.
        categories: for CATEGORY, the first that fits counts.
        by_region: every stratum is divided by region as well (按区域抽取): `500118/A`.
    """

    basis: StrataBasis = StrataBasis.NONE
    domain: str = ""
    tags: tuple[str, ...] = ()
    categories: tuple[StrataCategory, ...] = ()
    by_region: bool = False

    def named_ids(self) -> frozenset[str]:
        """Every object that some class names by its id."""
        return frozenset[str]().union(*(category.object_ids for category in self.categories))

    def check(self) -> None:
        """Refuse a division that cannot be made.

        Raises:
            InvalidArgument: names every field at fault.
        """
        violations = [*self._missing(), *self._category_violations()]
        if violations:
            raise InvalidArgument(*violations)

    def stratum_of(self) -> Callable[[Candidate], str | None]:
        """What tells an object's stratum; None: it falls into none."""
        divide = DIVISIONS[self.basis](self)
        if not self.by_region or self.basis is StrataBasis.REGION:
            return divide
        return lambda candidate: in_region(candidate.region, divide(candidate))

    def _missing(self) -> Iterator[Violation]:
        needs_domain = self.basis in (StrataBasis.PUBLIC_AND_INDUSTRY, StrataBasis.INDUSTRY_CREDIT) or any(
            category.industry_ratings for category in self.categories
        )
        for field, is_missing in (
            ("strata.domain", needs_domain and not self.domain),
            ("strata.tags", self.basis is StrataBasis.TAG and not self.tags),
            ("strata.categories", self.basis is StrataBasis.CATEGORY and not self.categories),
        ):
            if is_missing:
                yield Violation(
                    field, "REQUIRED", f"按此分类时 {field} 为必填项", f"{field} is required for this division"
                )

    def _category_violations(self) -> Iterator[Violation]:
        names = [*self.tags, *(category.name for category in self.categories)]
        for name in names:
            if not NAME.fullmatch(name) or names.count(name) > 1:
                zh, en = (
                    f"分类“{name}”重复、过长或含有逗号、引号、斜线",
                    f"stratum {name!r} comes twice, is too long or has , \" ' /",
                )
                yield Violation("strata", "STRATUM_NAME", zh, en)
        for index, category in enumerate(self.categories):
            for field in ("public_ratings", "industry_ratings", "risk_classes"):
                if not GRADES.issuperset(getattr(category, field)):
                    path, zh = f"strata.categories[{index}].{field}", "等级应为 A、B、C、D 或 UNRATED"
                    yield Violation(path, "GRADE", zh, "a class is A, B, C, D or UNRATED")
            if len(category.object_ids) > MOST_NAMED:
                path = f"strata.categories[{index}].object_ids"
                yield Violation(path, "TOO_MANY", f"最多 {MOST_NAMED} 个对象", f"at most {MOST_NAMED} objects")


def in_region(region: str, name: str | None) -> str | None:
    """The stratum of a class in a region."""
    return f"{region}/{name}" if name else None


def one_of(value: str, allowed: Iterable[str]) -> bool:
    """Whether a value is among the allowed ones; none given: every value is."""
    return not allowed or value in allowed


def first_tag(strata: DrawStrata) -> Callable[[Candidate], str | None]:
    """The first of the tags that an object has."""
    return lambda candidate: next((tag for tag in strata.tags if tag in candidate.tags), None)


def first_category(strata: DrawStrata) -> Callable[[Candidate], str | None]:
    """The first category that fits."""
    return lambda candidate: next((c.name for c in strata.categories if c.fits(candidate)), None)


DIVISIONS: Mapping[StrataBasis, Callable[[DrawStrata], Callable[[Candidate], str | None]]] = {
    StrataBasis.NONE: lambda _: lambda candidate: ALL,  # noqa: ARG005 (all are one)
    StrataBasis.PUBLIC_CREDIT: lambda _: lambda candidate: candidate.public_rating or UNRATED,
    StrataBasis.PUBLIC_AND_INDUSTRY: lambda _: (
        lambda candidate: f"{candidate.public_rating or UNRATED}-{candidate.industry_rating or UNRATED}"
    ),
    StrataBasis.INDUSTRY_CREDIT: lambda _: lambda candidate: candidate.industry_rating or UNRATED,
    StrataBasis.RISK_CLASS: lambda _: lambda candidate: candidate.risk_class or UNRATED,
    StrataBasis.TAG: first_tag,
    StrataBasis.REGION: lambda _: lambda candidate: candidate.region,
    StrataBasis.CATEGORY: first_category,
}


def region_of(stratum: str) -> str:
    """The region in a stratum's name; empty: it has none."""
    region, slash, _ = stratum.partition("/")
    return region if slash or (len(region) == 6 and region.isdigit()) else ""


def class_of(stratum: str) -> str:
    """A stratum's name without its region."""
    return stratum.partition("/")[2] or stratum
