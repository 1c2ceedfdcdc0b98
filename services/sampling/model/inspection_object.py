"""An object of the directory (检查对象): whom one may inspect, and what of it a draw looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, Violation
from services.sampling.model import uscc
from services.sampling.model.region import Regions

OBJECT_ID = re.compile(r"[0-9A-Za-z_.\-]{1,64}")
INDUSTRY = re.compile(r"[A-T][0-9]{0,4}|[0-9]{2,4}")
LONGEST_NAME = 200
LONGEST_TAG = 40
LONGEST = {"name": LONGEST_NAME, "alias": 200, "legal_representative": 100, "area": 100}
"""Characters that fields have at most."""


class ObjectType(StrEnum):
    """What kind of thing is inspected (监管对象类型)."""

    INSTITUTION = "INSTITUTION"
    PERSON = "PERSON"
    AFFILIATE = "AFFILIATE"
    SITE = "SITE"
    FACILITY = "FACILITY"
    SPECIAL_EQUIPMENT = "SPECIAL_EQUIPMENT"
    PROJECT = "PROJECT"
    PRODUCT = "PRODUCT"


class RegistrationStatus(StrEnum):
    """How an object stands in the register (登记状态)."""

    ACTIVE = "ACTIVE"
    UNTRACEABLE = "UNTRACEABLE"
    CLOSED = "CLOSED"
    DEREGISTERED = "DEREGISTERED"
    REVOKED = "REVOKED"
    RESCINDED = "RESCINDED"
    MOVED_OUT = "MOVED_OUT"


class ObjectExists(AlreadyExists):
    """The directory has an object with this id."""

    def __init__(self, object_id: str) -> None:
        super().__init__(
            f"检查对象 {object_id} 已在名录库中", f"the directory has object {object_id!r} already", object_id=object_id
        )


@dataclass(frozen=True)
class Licence:
    """A licence an object holds.

    Args:
        expires_on: last day it is valid; None: open-ended.
    """

    name: str
    number: str = ""
    expires_on: date | None = None


@dataclass(frozen=True)
class Contact:
    """Whom to call (联络员): personal data, shown only to who inspects there."""

    name: str = ""
    phone: str = ""


@dataclass(eq=False, kw_only=True)
class ObjectFacts:
    """What is known of an object, now or at an earlier time.

    Args:
        object_id: uscc, or an id of the directory's own for what has none.
        region: GB/T 2260.
        industry: GB/T 4754; empty: not known.
        owner_id: the object it belongs to, for an affiliate, site, facility, equipment or product.
        alias: another name it goes by (别名).
        legal_representative: or operator (法定代表人).
        area: quarter or business district (片区/商圈), in the city's own words.
    """

    object_id: str
    name: str
    region: str
    type: ObjectType = ObjectType.INSTITUTION
    registration_status: RegistrationStatus = RegistrationStatus.ACTIVE
    address: str = ""
    industry: str = ""
    tags: tuple[str, ...] = ()
    licences: tuple[Licence, ...] = ()
    contact: Contact | None = None
    registered_on: date | None = None
    enterprise_type: str = ""
    business_scope: str = ""
    owner_id: str = ""
    alias: str = ""
    legal_representative: str = ""
    area: str = ""
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""


KNOWN = tuple(
    field.name
    for field in fields(ObjectFacts)
    if field.name not in ("object_id", "version") and "ated_" not in field.name
)
"""What may change about an object."""

UNSAID = {each.name: each.default for each in fields(ObjectFacts) if each.name in KNOWN and each.default is not MISSING}
"""What holds of an object about which nothing else is said."""


@dataclass(eq=False, kw_only=True)
class InspectionObject(ObjectFacts):
    """An object as it is now.

    Args:
        key: what stands for it in a draw: the first 16 bytes of the SHA-256 of its id.
        row_digest: of the row of the registry file it was last read from; empty: entered by hand.
    """

    key: bytes = b""
    row_digest: bytes = b""

    def differs(self, other: ObjectFacts) -> bool:
        """Whether anything that may change is not the same."""
        return any(getattr(self, name) != getattr(other, name) for name in KNOWN)

    def become(self, other: ObjectFacts) -> None:
        """Take over everything that may change."""
        for name in KNOWN:
            setattr(self, name, getattr(other, name))

    def revision(self, revision_id: str, at: datetime, by: str) -> ObjectRevision:
        """The state that is about to be replaced."""
        state = {field.name: getattr(self, field.name) for field in fields(ObjectFacts)}
        return ObjectRevision(**state, revision_id=revision_id, replaced_at=at, replaced_by=by)


@dataclass(eq=False, kw_only=True)
class ObjectRevision(ObjectFacts):
    """An object as it was until `replaced_at`."""

    revision_id: str
    replaced_at: datetime
    replaced_by: str


@dataclass(frozen=True)
class Grade:
    """How a domain's model rates an object."""

    domain: str
    rating: str


@dataclass(eq=False, kw_only=True)
class Rating:
    """How an object stands, as the credit service last said; it may know an object before the directory does.

    Args:
        public_rating: A to D; empty: not rated.
        risk_class: A to D; empty: not classed.
    """

    object_id: str
    version: int = 0
    public_rating: str = ""
    risk_class: str = ""
    industry: tuple[Grade, ...] = ()


def violations(facts: ObjectFacts, regions: Regions) -> Iterator[Violation]:
    """Every field of an entry by hand that breaks a rule."""
    yield from id_violations(facts)
    for name, longest in LONGEST.items():
        if len(getattr(facts, name)) > longest:
            yield Violation(f"object.{name}", "LENGTH", f"不能超过 {longest} 字", f"has at most {longest} characters")
    if not regions.current(facts.region):
        zh, en = f"区划“{facts.region}”不在 GB/T 2260 中", f"there is no region {facts.region!r} in GB/T 2260"
        yield Violation("object.region", "REGION_UNKNOWN", zh, en)
    if facts.industry and not INDUSTRY.fullmatch(facts.industry):
        zh, en = f"行业“{facts.industry}”不是 GB/T 4754 代码", f"{facts.industry!r} is no code of GB/T 4754"
        yield Violation("object.industry", "INDUSTRY", zh, en)
    if facts.owner_id and not OBJECT_ID.fullmatch(facts.owner_id):
        zh, en = "应为所属主体的统一社会信用代码或编号", "must be the id of the object it belongs to"
        yield Violation("object.owner_id", "OBJECT_ID", zh, en)
    for index, tag in enumerate(facts.tags):
        if not is_tag(tag):
            zh, en = (
                f"标签“{tag}”为空、过长或含有竖线、逗号、引号",
                f"tag {tag!r} is empty, too long, or has a bar, comma or quote",
            )
            yield Violation(f"object.tags[{index}]", "TAG", zh, en)


def id_violations(facts: ObjectFacts) -> Iterator[Violation]:
    """Whether the id is one: a sound uscc for an institution, letters and digits for what has none."""
    if facts.type is ObjectType.INSTITUTION:
        if rule := uscc.broken_rule(facts.object_id):
            yield Violation("object.object_id", rule, *uscc.REASONS[rule])
    elif facts.object_id and not OBJECT_ID.fullmatch(facts.object_id):
        zh, en = (
            "编号只能含字母、数字、点、横线、下划线，最多 64 位",
            "an id has letters, digits, dots, hyphens, underscores, at most 64",
        )
        yield Violation("object.object_id", "OBJECT_ID", zh, en)


def is_tag(text: str) -> bool:
    """Whether a text can be a tag: short, and without what separates tags and columns."""
    return 0 < len(text) <= LONGEST_TAG and not re.search(r'[|,"/\x00-\x1f]', text)
