"""What tasks has learnt from plans and sampling, kept as far as its own rules need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.chassis.errors import FailedPrecondition
from services.tasks.model.terms import Method


class NotOnSubjectList(FailedPrecondition):
    """The authority may inspect nobody today (TJ 14)."""

    def __init__(self, authority_id: str, name: str) -> None:
        super().__init__(
            f"{name}（{authority_id}）不在涉企行政检查主体清单内，不能开展检查",
            f"authority {authority_id!r} is not on the inspection-subject list and may inspect nobody",
            authority=authority_id,
        )


@dataclass(eq=False, kw_only=True)
class Authority:
    """An authority as plans knows it."""

    authority_id: str
    version: int
    name: str
    short_name: str
    region: str
    level: str = ""
    parent_id: str = ""
    domains: tuple[str, ...] = ()
    listed_from: date | None = None
    listed_until: date | None = None

    def require_listed(self, today: date) -> None:
        """Refuse when it is not on the subject list on this day."""
        begun = self.listed_from is not None and self.listed_from <= today
        if not begun or (self.listed_until is not None and today > self.listed_until):
            raise NotOnSubjectList(self.authority_id, self.name)


@dataclass(frozen=True)
class CheckItem:
    """One thing that is looked at; `own`: added for one task alone."""

    item_id: str = ""
    name: str = ""
    check_points: tuple[str, ...] = ()
    standard: str = ""
    own: bool = False


@dataclass(eq=False, kw_only=True)
class Matter:
    """A matter as plans knows it now."""

    matter_id: str
    version: int
    name: str
    domain: str
    legal_basis: str = ""
    methods: tuple[Method, ...] = ()
    random_eligible: bool = False
    qualification: str = ""
    content_level: str = ""
    items: tuple[CheckItem, ...] = ()
    claimed_by: tuple[str, ...] = ()
    retired: bool = False


@dataclass(frozen=True)
class FormItem:
    """An item of a form, by matter and item."""

    matter_id: str
    item_id: str


@dataclass(eq=False, kw_only=True)
class CheckForm:
    """A check form as its authority keeps it now."""

    form_id: str
    version: int
    name: str
    authority_id: str
    items: tuple[FormItem, ...] = ()

    def covers(self, matter_id: str) -> bool:
        """Whether it has items of a matter."""
        return any(item.matter_id == matter_id for item in self.items)


@dataclass(eq=False, kw_only=True)
class Plan:
    """An approved annual plan."""

    plan_id: str
    version: int
    number: str
    year: int
    name: str
    authority_id: str
    type: str = ""
    lead_domain: str = ""
    matter_ids: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    methods: tuple[Method, ...] = ()
    starts_on: date
    ends_on: date
    credit_rule: str = ""
    requirements: str = ""
    content_level: str = ""


@dataclass(eq=False, kw_only=True)
class DirectoryObject:
    """An object of the directory."""

    object_id: str
    version: int
    type: str = ""
    name: str = ""
    registration_status: str = ""
    region: str = ""
    address: str = ""
    industry: str = ""
    tags: tuple[str, ...] = ()


@dataclass(eq=False, kw_only=True)
class Inspector:
    """An inspector of the directory, by certificate."""

    certificate: str
    version: int
    name: str = ""
    authority_id: str = ""
    valid_until: date | None = None
    qualifications: tuple[str, ...] = ()
    expert: bool = False
    retired: bool = False

    def is_valid_on(self, day: date) -> bool:
        """Whether the certificate holds on a day; an expired or missing one stops the person at once (TJ 14)."""
        return not self.retired and self.valid_until is not None and self.valid_until >= day
