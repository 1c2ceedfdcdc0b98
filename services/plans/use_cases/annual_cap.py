"""Setting and changing the yearly limit of visits (TJ 10, 15)."""

from __future__ import annotations

from collections.abc import Iterator

from services.chassis.errors import Violation
from services.chassis.work import Work
from services.plans.events import AnnualCapChanged
from services.plans.model import checks
from services.plans.model.annual_cap import AnnualCap, AnnualCapExists, visits_violations
from services.plans.model.values import region_prefix
from services.plans.use_cases.authority import authorities_named
from services.plans.use_cases.matter import matters_named


def create_annual_cap(work: Work, cap: AnnualCap) -> AnnualCap:
    """Set a limit where none stands."""
    checks.refuse([*cap.violations(), *_unknown(work, cap)], within="annual_cap")
    standing = work.find(
        AnnualCap, authority_id=cap.authority_id, region=cap.region, year=cap.year, matter_id=cap.matter_id
    )
    if standing is not None:
        raise AnnualCapExists(standing.annual_cap_id)
    cap.annual_cap_id, cap.version = work.new_id(), 1
    work.add(cap)
    return _announced(work, cap)


def update_annual_cap(work: Work, annual_cap_id: str, visits: int | None, *, etag: str = "") -> AnnualCap:
    """Change how many visits a limit allows."""
    checks.refuse(visits_violations(visits), within="annual_cap")
    cap = work.get(AnnualCap, annual_cap_id, etag=etag, lock=True)
    cap.allow(visits or 0)
    return _announced(work, cap)


def _unknown(work: Work, cap: AnnualCap) -> Iterator[Violation]:
    if cap.authority_id and not authorities_named(work, {cap.authority_id}):
        zh = f"机构（{cap.authority_id}）不存在"
        yield Violation("authority_id", "UNKNOWN_AUTHORITY", zh, f"there is no authority {cap.authority_id!r}")
    if cap.matter_id and not matters_named(work, {cap.matter_id}):
        zh = f"事项（{cap.matter_id}）不存在"
        yield Violation("matter_id", "UNKNOWN_MATTER", zh, f"there is no matter {cap.matter_id!r}")


def _announced(work: Work, cap: AnnualCap) -> AnnualCap:
    region = region_prefix(cap.region) if cap.region else ""
    work.emit(AnnualCapChanged.of(cap, region=region))
    return cap
