"""An inspector of the directory (执法检查人员): who may inspect. TJ 14: without a valid certificate nobody does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, Violation
from services.sampling.model import uscc
from services.sampling.model.inspection_object import OBJECT_ID
from services.sampling.model.region import Regions

CERTIFICATE = re.compile(r"[0-9A-Za-z\-]{4,64}")
LONGEST_NAME = 100
WARNED_BEFORE = 30
"""Days before a certificate's last one within which it is said to expire."""


class CertificateStanding(StrEnum):
    """How a certificate stands."""

    VALID = "VALID"
    EXPIRING = "EXPIRING"
    EXPIRED = "EXPIRED"


class InspectorExists(AlreadyExists):
    """The directory has an inspector with this certificate."""

    def __init__(self, certificate: str) -> None:
        super().__init__(
            f"执法证号 {certificate} 已在名录库中",
            f"the directory has an inspector with certificate {certificate!r} already",
            certificate=certificate,
        )


class InspectorRetired(FailedPrecondition):
    """The inspector is off the directory already."""

    def __init__(self, certificate: str) -> None:
        super().__init__(
            f"检查人员 {certificate} 已移出名录库，可重新录入有效期以恢复",
            f"inspector {certificate!r} is retired already; UpdateInspector with a new validity brings them back",
            certificate=certificate,
        )


@dataclass(eq=False, kw_only=True)
class InspectorFacts:
    """What is known of an inspector, now or at an earlier time.

    Args:
        certificate: number of the law-enforcement certificate; the inspector's id.
        region: GB/T 2260 region in which the inspector may inspect.
        valid_until: last day the certificate is valid.
        expert: accompanies and signs nothing.
        subject: the account's subject in the identity provider; empty: none.
        earlier_employers: ids of objects the inspector worked for, from each of which a recusal is derived.
    """

    certificate: str
    name: str
    authority_id: str
    region: str = ""
    valid_until: date
    domains: tuple[str, ...] = ()
    qualifications: tuple[str, ...] = ()
    expert: bool = False
    subject: str = ""
    retired: bool = False
    retired_reason: str = ""
    earlier_employers: tuple[str, ...] = ()
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""


ENTERED = (
    "name", "authority_id", "region", "valid_until", "domains", "qualifications", "expert", "subject",
    "earlier_employers",
)  # fmt: skip
"""What is entered about an inspector."""


@dataclass(eq=False, kw_only=True)
class Inspector(InspectorFacts):
    """An inspector as known now."""

    def drawable(self, day: date) -> bool:
        """Whether a draw may take the inspector for a visit on this day."""
        return not self.retired and not self.expert and self.is_certified(day)

    def is_certified(self, day: date) -> bool:
        """Whether the certificate is valid on this day (TJ 14)."""
        return self.valid_until >= day

    def days_left(self, day: date) -> int:
        """Days until the certificate's last one; below 0 once it has expired."""
        return (self.valid_until - day).days

    def standing(self, day: date) -> CertificateStanding:
        """How the certificate stands on this day."""
        if not self.is_certified(day):
            return CertificateStanding.EXPIRED
        return CertificateStanding.EXPIRING if self.days_left(day) <= WARNED_BEFORE else CertificateStanding.VALID

    def differs(self, other: InspectorFacts) -> bool:
        """Whether anything that is entered is not the same, or the person has been retired since."""
        return self.retired or any(getattr(self, name) != getattr(other, name) for name in ENTERED)

    def become(self, other: InspectorFacts) -> None:
        """Take over everything that is entered; who is entered again is back."""
        for name in ENTERED:
            setattr(self, name, getattr(other, name))
        self.retired, self.retired_reason = False, ""

    def retire(self, reason: str) -> None:
        """Take the person off the directory.

        Raises:
            InspectorRetired: that was done already.
        """
        if self.retired:
            raise InspectorRetired(self.certificate)
        self.retired, self.retired_reason = True, reason

    def revision(self, revision_id: str, at: datetime, by: str) -> InspectorRevision:
        """The state that is about to be replaced."""
        state = {field.name: getattr(self, field.name) for field in fields(InspectorFacts)}
        return InspectorRevision(**state, revision_id=revision_id, replaced_at=at, replaced_by=by)


@dataclass(eq=False, kw_only=True)
class InspectorRevision(InspectorFacts):
    """An inspector as known until `replaced_at`."""

    revision_id: str
    replaced_at: datetime
    replaced_by: str


@dataclass(eq=False, kw_only=True)
class CertificateNotice:
    """That it was said of a certificate, valid until this day, that it expires, or that it has expired."""

    certificate: str
    valid_until: date
    expired: bool
    noticed_at: datetime


def violations(facts: InspectorFacts, regions: Regions) -> Iterator[Violation]:
    """Every field of an entry by hand that breaks a rule."""
    if not CERTIFICATE.fullmatch(facts.certificate):
        zh, en = (
            "证件号应为 4 至 64 位字母、数字或横线",
            "a certificate's number has 4 to 64 letters, digits or hyphens",
        )
        yield Violation("inspector.certificate", "CERTIFICATE", zh, en)
    if len(facts.name) > LONGEST_NAME:
        zh, en = f"姓名不能超过 {LONGEST_NAME} 字", f"a name has at most {LONGEST_NAME} characters"
        yield Violation("inspector.name", "LENGTH", zh, en)
    if rule := uscc.broken_rule(facts.authority_id):
        yield Violation("inspector.authority_id", rule, *uscc.REASONS[rule])
    for index, employer in enumerate(facts.earlier_employers):
        if not OBJECT_ID.fullmatch(employer):
            zh, en = "应为曾任职单位的统一社会信用代码或编号", "must be the id of an object"
            yield Violation(f"inspector.earlier_employers[{index}]", "OBJECT_ID", zh, en)
    if not regions.current(facts.region):
        zh, en = f"区划“{facts.region}”不在 GB/T 2260 中", f"there is no region {facts.region!r} in GB/T 2260"
        yield Violation("inspector.region", "REGION_UNKNOWN", zh, en)
