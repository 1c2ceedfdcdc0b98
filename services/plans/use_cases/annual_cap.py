"""Setting, changing and lifting the yearly limit of visits (TJ 10, 15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.chassis.errors import Violation
from services.chassis.work import Work
from services.plans.events import AnnualCapChanged
from services.plans.model import checks
from services.plans.model.annual_cap import (
    AnnualCap,
    AnnualCapVersion,
    EffectiveCap,
    nearest,
    visits_violations,
)
from services.plans.model.authority import Authority
from services.plans.model.matter import Matter
from services.plans.model.values import region_prefix
from services.plans.use_cases.authority import authorities_named, no_such_authority
from services.plans.use_cases.matter import matters_named


def create_annual_cap(work: Work, cap: AnnualCap) -> AnnualCap:
    """Set a limit where none stands, or again where one was lifted."""
    checks.refuse([*cap.violations(), *_unknown(work, cap)], within="annual_cap")
    standing = work.find(
        AnnualCap, authority_id=cap.authority_id, region=cap.region, year=cap.year, matter_id=cap.matter_id
    )
    if standing is None:
        return _keep_version(work, enter_annual_cap(work, cap))
    standing.set_again(cap.visits or 0)
    return _keep_version(work, announced(work, standing))


def enter_annual_cap(work: Work, cap: AnnualCap) -> AnnualCap:
    """Keep a new limit that is checked."""
    cap.annual_cap_id, cap.version = work.new_id(), 1
    work.add(cap)
    return announced(work, cap)


def update_annual_cap(work: Work, annual_cap_id: str, visits: int | None, *, etag: str = "") -> AnnualCap:
    """Change how many visits a limit allows."""
    checks.refuse(visits_violations(visits), within="annual_cap")
    cap = work.get(AnnualCap, annual_cap_id, etag=etag, lock=True)
    cap.allow(visits or 0)
    return _keep_version(work, announced(work, cap))


def lift_annual_cap(work: Work, annual_cap_id: str, *, etag: str = "") -> AnnualCap:
    """Let a limit bind nobody from now on."""
    cap = work.get(AnnualCap, annual_cap_id, etag=etag, lock=True)
    cap.lift()
    return _keep_version(work, announced(work, cap))


def effective_cap(work: Work, authority_id: str, year: int, matter_id: str) -> EffectiveCap:
    """Which limits bind an authority in a year.

    Raises:
        NoSuchThing: there is no such authority or matter.
    """
    checks.refuse(checks.year("year", year))
    authority = work.get(Authority, authority_id)
    if matter_id:
        work.get(Matter, matter_id)
    found: dict[str, list[AnnualCap]] = {"": [], matter_id: []}
    for cap in work.all(AnnualCap, year=year, authority_id={"", authority_id}, matter_id=set(found), lifted=False):
        found[cap.matter_id].append(cap)
    overall, of_matter = (nearest(found[id], authority_id, authority.region) for id in ("", matter_id))
    return EffectiveCap(
        authority_id=authority_id, year=year, overall=overall, of_matter=of_matter if matter_id else None
    )


def announced(work: Work, cap: AnnualCap) -> AnnualCap:
    """Tell the others of a limit; a region as the prefix of the codes it binds."""
    region = region_prefix(cap.region) if cap.region else ""
    work.emit(AnnualCapChanged.of(cap, region=region))
    return cap


def unknown_violations(
    cap: AnnualCap, authorities: Mapping[str, Authority], matters: Mapping[str, Matter]
) -> Iterator[Violation]:
    """The authority or matter it names is not among those that are there."""
    if cap.authority_id and cap.authority_id not in authorities:
        yield no_such_authority(cap.authority_id)
    if cap.matter_id and cap.matter_id not in matters:
        zh = f"事项（{cap.matter_id}）不存在"
        yield Violation("matter_id", "UNKNOWN_MATTER", zh, f"there is no matter {cap.matter_id!r}")


def _keep_version(work: Work, cap: AnnualCap) -> AnnualCap:
    work.add(AnnualCapVersion.of(cap))
    return cap


def _unknown(work: Work, cap: AnnualCap) -> Iterator[Violation]:
    authorities = authorities_named(work, {cap.authority_id} if cap.authority_id else set())
    yield from unknown_violations(cap, authorities, matters_named(work, {cap.matter_id} if cap.matter_id else set()))
