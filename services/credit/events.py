"""What credit announces; each field as in `liangma/credit/v1/events.proto`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.credit.model.delivery import DeliveryAction
from services.credit.model.disclosure import DisclosureKind
from services.credit.model.rating import Grade
from services.credit.model.repair_state import RepairState


@dataclass(frozen=True)
class IndustryRating:
    """An industry score by a domain's model."""

    domain: str
    rating: Grade
    score: float


@dataclass(frozen=True)
class ObjectRating:
    """How an object stands now."""

    object_id: str
    version: int
    public_rating: Grade | None
    risk_class: Grade | None
    industry: tuple[IndustryRating, ...]


@dataclass(frozen=True)
class RatingChanged:
    """Ratings changed; at most 500 objects in one fact."""

    batch_id: str
    ratings: tuple[ObjectRating, ...]


@dataclass(frozen=True)
class WhitelistChanged:
    """An object or a matter was put on or taken off an authority's whitelist."""

    whitelist_id: str
    version: int
    authority_id: str
    object_id: str
    matter_id: str
    starts_on: date | None
    ends_on: date | None
    active: bool


@dataclass(frozen=True)
class DisclosurePublished:
    """Something was disclosed to the public."""

    disclosure_id: str
    kind: DisclosureKind
    subject_id: str
    authority_id: str
    revision: int


@dataclass(frozen=True)
class DisclosureWithdrawn:
    """Something is no longer disclosed."""

    disclosure_id: str
    kind: DisclosureKind
    subject_id: str
    reason: str
    authority_id: str


@dataclass(frozen=True)
class RepairDecided:
    """An application for repair was decided."""

    repair_id: str
    inspection_id: str
    authority_id: str
    decision: RepairState
    object_id: str
    disclosure_id: str


@dataclass(frozen=True)
class RepairReminded:
    """The deadline of a repair comes near, or has passed."""

    repair_id: str
    authority_id: str
    due_on: date
    days_left: int
    number: str
    inspection_id: str
    object_id: str
    object_name: str


@dataclass(frozen=True)
class DeliveryOverdue:
    """A channel has not acknowledged in time."""

    delivery_id: str
    channel_id: str
    disclosure_id: str
    action: DeliveryAction
    due_on: date
    authority_id: str
    channel_name: str
    inspection_id: str
    object_id: str
    object_name: str
