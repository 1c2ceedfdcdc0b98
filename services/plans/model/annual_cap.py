"""Annual caps: how often an authority may visit one object in a year (年度频次上限; TJ 10, 15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import AlreadyExists, FailedPrecondition, Violation
from services.plans.model import checks
from services.plans.model.values import lies_in, region_prefix

DAYS_OF_A_YEAR = 366
_OWN = 7  # above the six digits of a region


class AnnualCapExists(AlreadyExists):
    """These already have a limit for the year."""

    def __init__(self, annual_cap_id: str) -> None:
        super().__init__(
            f"该机构（或区划）、年度、事项已设置频次上限（{annual_cap_id}），请修改原上限",
            f"authority or region, year and matter have a cap already ({annual_cap_id}); change that one",
            annual_cap_id=annual_cap_id,
        )


class AnnualCapLifted(FailedPrecondition):
    """It binds nobody."""

    def __init__(self, annual_cap_id: str) -> None:
        super().__init__(
            f"频次上限（{annual_cap_id}）已取消；如需恢复，请按相同的机构（或区划）、年度、事项重新设置",
            f"cap {annual_cap_id!r} is lifted: to have it again, set one for the same authority, region, year, matter",
            annual_cap_id=annual_cap_id,
        )


@dataclass(eq=False, kw_only=True)
class AnnualCap:
    """A yearly limit of visits, of one authority or of all in a region by default."""

    annual_cap_id: str = ""
    authority_id: str = ""
    region: str = ""
    year: int = 0
    matter_id: str = ""
    visits: int | None = None
    lifted: bool = False
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def violations(self) -> Iterator[Violation]:
        """What is missing or malformed."""
        if bool(self.authority_id) == bool(self.region):
            yield Violation(
                "authority_id",
                "EITHER_OR",
                "authority_id 与 region 必须且只能填写一个",
                "give either authority_id or region",
            )
        yield from checks.region("region", self.region)
        yield from checks.year("year", self.year)
        yield from visits_violations(self.visits)

    def nearness(self, authority_id: str, region: str) -> int:
        """How closely it is meant for an authority: 0 not at all; the nearer region the more; its own most."""
        if self.authority_id:
            return _OWN if self.authority_id == authority_id else 0
        return len(region_prefix(self.region)) if lies_in(region, [self.region]) else 0

    def allow(self, visits: int) -> None:
        """Change how many visits it allows.

        Raises:
            AnnualCapLifted: it binds nobody.
        """
        self._require_standing()
        self.visits = visits
        self.version += 1

    def lift(self) -> None:
        """Bind nobody from now on.

        Raises:
            AnnualCapLifted: it binds nobody already.
        """
        self._require_standing()
        self.lifted = True
        self.version += 1

    def set_again(self, visits: int) -> None:
        """Bind once more after it was lifted.

        Raises:
            AnnualCapExists: it was not.
        """
        if not self.lifted:
            raise AnnualCapExists(self.annual_cap_id)
        self.lifted = False
        self.allow(visits)

    def _require_standing(self) -> None:
        if self.lifted:
            raise AnnualCapLifted(self.annual_cap_id)


@dataclass(eq=False, kw_only=True)
class AnnualCapVersion:
    """What a limit allowed in one version; never changed."""

    annual_cap_id: str
    version: int
    visits: int
    lifted: bool = False
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @classmethod
    def of(cls, cap: AnnualCap) -> AnnualCapVersion:
        id, version = cap.annual_cap_id, cap.version
        return cls(annual_cap_id=id, version=version, visits=cap.visits or 0, lifted=cap.lifted)


@dataclass(frozen=True, kw_only=True)
class EffectiveCap:
    """What binds an authority in a year: a limit of all its visits to an object, one for a matter, both, or none."""

    authority_id: str
    year: int
    overall: AnnualCap | None = None
    of_matter: AnnualCap | None = None

    @property
    def visits(self) -> int | None:
        """Visits allowed per object; None: as many as it wants."""
        allowed = [cap.visits for cap in (self.overall, self.of_matter) if cap and cap.visits is not None]
        return min(allowed, default=None)


def nearest(caps: Iterable[AnnualCap], authority_id: str, region: str) -> AnnualCap | None:
    """Of these limits the one that binds an authority: its own before its region's, the nearer region's first."""
    bound = [cap for cap in caps if cap.nearness(authority_id, region)]
    return max(bound, key=lambda cap: cap.nearness(authority_id, region), default=None)


def visits_violations(visits: int | None) -> Iterator[Violation]:
    """A number of visits that a year can hold; none at all is a limit too."""
    if visits is None:
        yield from checks.filled("visits", None)
    elif not 0 <= visits <= DAYS_OF_A_YEAR:
        span = f"0–{DAYS_OF_A_YEAR}"
        yield Violation("visits", "RANGE", f"visits 应在 {span} 之间", f"visits must be within {span}")
