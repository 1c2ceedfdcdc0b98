"""What sampling has learnt from the other services, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

FORGOTTEN = 2**62
"""Version of a task that was purged: whatever is said of it later is older."""


@dataclass(frozen=True)
class Part:
    """An authority's share in a task.

    Args:
        matter_ids: what it inspects.
    """

    authority_id: str
    matter_ids: tuple[str, ...] = ()


@dataclass(eq=False, kw_only=True)
class Task:
    """A task whose objects or inspectors may have to be drawn.

    Args:
        parts: the lead's first.
        region: of the lead.
        regions: where objects may be drawn, each with all within it: first what those who take part have in common,
            then what an assistance order allows besides (TJ 15).
        purged: a test task whose time has come.
    """

    task_id: str
    version: int
    number: str = ""
    name: str = ""
    kind: str = ""
    nature: str = ""
    plan_id: str = ""
    year: int = 0
    authority_id: str = ""
    region: str = ""
    parts: tuple[Part, ...] = ()
    selection: str = ""
    staffing: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    regions: tuple[str, ...] = ()
    purged: bool = False

    @property
    def allowed_regions(self) -> tuple[str, ...]:
        """Where objects may be drawn; of what was heard before `regions` was told, the lead's region."""
        return self.regions or (self.region,)

    @property
    def participants(self) -> tuple[str, ...]:
        """The authorities that take part, the lead first."""
        return tuple(dict.fromkeys((self.authority_id, *(part.authority_id for part in self.parts))))

    @property
    def own_matters(self) -> frozenset[str]:
        """What the lead itself inspects."""
        return frozenset(
            matter for part in self.parts if part.authority_id == self.authority_id for matter in part.matter_ids
        )

    @property
    def is_planned_random(self) -> bool:
        """Whether TJ 2 binds its draw to the first working days of a quarter."""
        return self.kind == "RANDOM" and self.plan_id != "" and self.nature != "TEST"


@dataclass(eq=False, kw_only=True)
class Authority:
    """An authority, as far as a draw must know it.

    Args:
        level: `CITY`, `DISTRICT` or `STREET`.
    """

    authority_id: str
    version: int
    name: str = ""
    region: str = ""
    level: str = ""


@dataclass(eq=False, kw_only=True)
class Matter:
    """A matter, as far as a draw of inspectors must know it.

    Args:
        qualification: what an inspector needs for it; empty: nothing beyond the certificate.
    """

    matter_id: str
    version: int
    domain: str = ""
    qualification: str = ""


@dataclass(eq=False, kw_only=True)
class JointList:
    """A trade that several authorities inspect together (一业一查), with who leads."""

    joint_list_id: str
    version: int
    trade: str = ""
    lead_id: str = ""
    members: tuple[str, ...] = ()
    retired: bool = False


@dataclass(eq=False, kw_only=True)
class Whitelisting:
    """An object or a matter on an authority's whitelist (白名单).

    Args:
        object_id: empty: all objects, for the matter.
        matter_id: empty: all matters, for the object.
        ends_on: last day; None: open-ended.
    """

    whitelist_id: str
    version: int
    authority_id: str = ""
    object_id: str = ""
    matter_id: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    active: bool = True

    def binds(self, day: date) -> bool:
        """Whether it is in force on this day."""
        has_begun = self.starts_on is None or self.starts_on <= day
        return self.active and has_begun and (self.ends_on is None or day <= self.ends_on)


@dataclass(eq=False, kw_only=True)
class Binding:
    """An account that speaks for an object.

    Args:
        starts_on: its first day.
        ends_on: its last day; None: until it is ended.
    """

    binding_id: str
    version: int
    object_id: str
    subject: str
    starts_on: date
    ends_on: date | None = None
    ended: bool = False

    def holds_on(self, day: date) -> bool:
        """Whether the account speaks for the object that day."""
        return not self.ended and (self.ends_on is None or day <= self.ends_on)


@dataclass(eq=False, kw_only=True)
class InspectionRecord:
    """One authority's inspection of one object, about to be made or done.

    Args:
        record_id: the inspection's id and the authority's.
        version: 0 while it is pending, then one more than its result's.
        day: the day it was made; while it is pending, the first on which it may be.
        certificates: of who inspects.
        finding: empty while it is pending.
        cancelled: called off; counts nowhere, whatever else is heard of the inspection.
    """

    record_id: str
    version: int
    inspection_id: str = ""
    authority_id: str = ""
    object_id: str = ""
    task_id: str = ""
    kind: str = ""
    matter_ids: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    day: date | None = None
    finding: str = ""
    cancelled: bool = False
