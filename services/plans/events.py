"""What the plans service announces; field for field as in `liangma.plans.v1`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from services.plans.model.check_form import FormItem
from services.plans.model.joint_list import JointMember
from services.plans.model.matter import CheckItem


@dataclass(frozen=True)
class Fact:
    """A fact tells of an entity what both have by the same name."""

    @classmethod
    def of(cls, entity: object, **otherwise: Any) -> Self:
        """The fact as the entity stands.

        Args:
            otherwise: what the entity has not, or not so.
        """
        names = [field.name for field in fields(cls)]
        return cls(**{name: otherwise[name] if name in otherwise else getattr(entity, name) for name in names})


@dataclass(frozen=True)
class AuthorityChanged(Fact):
    """An authority was entered, changed, or put on or taken off the subject list."""

    authority_id: str
    version: int
    name: str
    short_name: str
    region: str
    level: str
    parent_id: str
    domains: tuple[str, ...]
    listed_from: date | None
    listed_until: date | None


@dataclass(frozen=True)
class OfficialChanged(Fact):
    """Somebody was entered in the register of officials, changed, or taken off it."""

    official_id: str
    version: int
    subject: str
    name: str
    authority_id: str
    roles: tuple[str, ...]
    post: str
    active_from: date | None
    active_until: date | None
    retired: bool


@dataclass(frozen=True)
class MatterChanged(Fact):
    """A matter was entered, changed, claimed, or taken off the list."""

    matter_id: str
    version: int
    name: str
    domain: str
    legal_basis: str
    methods: tuple[str, ...]
    random_eligible: bool
    qualification: str
    content_level: str
    items: tuple[CheckItem, ...]
    claimed_by: tuple[str, ...]
    retired: bool


@dataclass(frozen=True)
class CheckFormChanged(Fact):
    """A check form was made, changed, or taken off the list."""

    form_id: str
    version: int
    name: str
    authority_id: str
    items: tuple[FormItem, ...]
    retired: bool


@dataclass(frozen=True)
class JointListChanged(Fact):
    """A trade was put on the joint list, changed, or taken off."""

    joint_list_id: str
    version: int
    trade: str
    lead_id: str
    members: tuple[JointMember, ...]
    retired: bool


@dataclass(frozen=True)
class AnnualCapChanged(Fact):
    """A yearly limit of visits was set, changed or lifted; `region` is the prefix of the codes it binds."""

    annual_cap_id: str
    version: int
    authority_id: str
    region: str
    year: int
    matter_id: str
    visits: int
    lifted: bool


@dataclass(frozen=True)
class PlanApproved(Fact):
    """A plan was approved and goes to the authorities in its scope."""

    plan_id: str
    version: int
    number: str
    year: int
    name: str
    authority_id: str
    type: str
    lead_domain: str
    joint_domains: tuple[str, ...]
    matter_ids: tuple[str, ...]
    scope: tuple[str, ...]
    methods: tuple[str, ...]
    starts_on: date
    ends_on: date
    credit_rule: str
    requirements: str
    approved_at: datetime
    content_level: str


@dataclass(frozen=True)
class PlanReceived(Fact):
    """An authority answered a plan that was sent to it."""

    plan_id: str
    authority_id: str
    answer: str
    reason: str


@dataclass(frozen=True)
class PlanStateChanged(Fact):
    """A plan moved to another state; `DELETED` when it left the lists."""

    plan_id: str
    version: int
    state: str
