"""Annual caps: how often an authority may visit one object in a year (年度频次上限; TJ 10, 15)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import AlreadyExists, Violation
from services.plans.model import checks

DAYS_OF_A_YEAR = 366


class AnnualCapExists(AlreadyExists):
    """These already have a limit for the year."""

    def __init__(self, annual_cap_id: str) -> None:
        super().__init__(
            f"该机构（或区划）、年度、事项已设置频次上限（{annual_cap_id}），请修改原上限",
            f"authority or region, year and matter have a cap already ({annual_cap_id}); change that one",
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

    def allow(self, visits: int) -> None:
        """Change how many visits it allows."""
        self.visits = visits
        self.version += 1


def visits_violations(visits: int | None) -> Iterator[Violation]:
    """A number of visits that a year can hold; none at all is a limit too."""
    if visits is None:
        yield from checks.filled("visits", None)
    elif not 0 <= visits <= DAYS_OF_A_YEAR:
        span = f"0–{DAYS_OF_A_YEAR}"
        yield Violation("visits", "RANGE", f"visits 应在 {span} 之间", f"visits must be within {span}")
