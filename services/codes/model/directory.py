"""What this service knows from the others: copies of objects, inspectors, authorities, matters, limits, ratings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


def region_prefix(region: str) -> str:
    """The digits a region's parts begin with: `50` for 500000, `5001` for 500100, `500103` for itself."""
    while region.endswith("00") and len(region) > 2:
        region = region[:-2]
    return region


@dataclass(eq=False, kw_only=True)
class KnownAuthority:
    """An authority."""

    authority_id: str
    version: int
    name: str
    region: str
    listed_from: date | None = None
    listed_until: date | None = None

    def listed_on(self, day: date) -> bool:
        """Whether it is on the subject list that day (TJ 14)."""
        if self.listed_from is None or day < self.listed_from:
            return False
        return self.listed_until is None or day <= self.listed_until

    def covers(self, region: str) -> bool:
        """Whether a region lies in its own (TJ 15)."""
        return region.startswith(region_prefix(self.region))


@dataclass(eq=False, kw_only=True)
class KnownObject:
    """An object of inspection."""

    object_id: str
    version: int
    type: str
    name: str
    registration_status: str = ""
    region: str = ""
    address: str = ""
    industry: str = ""


@dataclass(eq=False, kw_only=True)
class KnownInspector:
    """An inspector."""

    certificate: str
    version: int
    name: str
    authority_id: str
    valid_until: date | None = None
    retired: bool = False

    def valid_on(self, day: date) -> bool:
        """Whether the certificate allows inspecting that day (TJ 14)."""
        return not self.retired and self.valid_until is not None and day <= self.valid_until


@dataclass(frozen=True)
class CheckItem:
    """One thing that is looked at, how, and by which standard."""

    name: str
    check_points: tuple[str, ...] = ()
    standard: str = ""


@dataclass(eq=False, kw_only=True)
class KnownMatter:
    """A matter."""

    matter_id: str
    version: int
    name: str
    legal_basis: str = ""
    items: tuple[CheckItem, ...] = ()
    domain: str = ""


@dataclass(frozen=True)
class IndustryRating:
    """A rating by a domain's model."""

    domain: str
    rating: str


@dataclass(eq=False, kw_only=True)
class KnownRating:
    """How an object stands."""

    object_id: str
    version: int
    public_rating: str = ""
    risk_class: str = ""
    industry: tuple[IndustryRating, ...] = ()


@dataclass(eq=False, kw_only=True)
class AnnualCap:
    """How many visits an authority may pay to one object in a year (TJ 10, 15)."""

    annual_cap_id: str
    version: int
    authority_id: str
    region: str
    year: int
    matter_id: str
    visits: int

    def rank_for(self, authority: KnownAuthority) -> int:
        """How closely it is meant for an authority: -1 not at all; the longer the region the closer; its own most."""
        if self.authority_id:
            return 1000 if self.authority_id == authority.authority_id else -1
        prefix = region_prefix(self.region)
        return len(prefix) if authority.region.startswith(prefix) else -1


def cap_for(caps: Iterable[AnnualCap], authority: KnownAuthority, year: int, matter_id: str = "") -> int | None:
    """The limit that binds an authority: its own before its region's, the nearer region first; None: no limit."""
    bound = [
        (cap.rank_for(authority), -cap.visits)
        for cap in caps
        if cap.year == year and cap.matter_id == matter_id and cap.rank_for(authority) >= 0
    ]
    return -max(bound)[1] if bound else None


@dataclass(eq=False, kw_only=True)
class Whitelisting:
    """An object or a matter that an authority does not visit on site without a lead (TJ 3)."""

    whitelist_id: str
    version: int
    authority_id: str
    object_id: str
    matter_id: str
    starts_on: date | None
    ends_on: date | None
    active: bool

    def forbids(self, object_id: str, matter_ids: Iterable[str], day: date) -> bool:
        """Whether a visit to an object for these matters would be against it that day."""
        in_force = self.active and (self.starts_on or day) <= day <= (self.ends_on or day)
        is_about_object = self.object_id in ("", object_id)
        return in_force and is_about_object and (self.matter_id == "" or self.matter_id in matter_ids)


@dataclass(eq=False, kw_only=True)
class KnownMatch:
    """An object that a task has in common with others and visits with them (TJ 2)."""

    match_id: str
    task_id: str
    object_id: str


@dataclass(eq=False, kw_only=True)
class CalledOff:
    """An inspection that was called off, perhaps before word of its dispatch came."""

    inspection_id: str


@dataclass(eq=False, kw_only=True)
class TaskTerm:
    """The last day of a task that was extended, perhaps before word of its dispatch came."""

    task_id: str
    version: int
    ends_on: date
