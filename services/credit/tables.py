"""Where the credit service keeps what it knows, and how its model lies in these tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import registry

from services.chassis.database import EnumOf, Instant, JsonOf, chassis_tables, id_column, stamps, version_column
from services.credit.model.channel import Channel, ChannelKind, ChannelScope, ChannelState
from services.credit.model.delivery import Delivery, DeliveryAction, DeliveryState
from services.credit.model.disclosure import (
    Disclosure,
    DisclosureKind,
    DisclosureRevision,
    DisclosureState,
    RevisionAction,
)
from services.credit.model.industry_model import Indicator, IndustryModel, ModelState, Thresholds
from services.credit.model.known import (
    KnownAuthority,
    KnownEvaluation,
    KnownObject,
    KnownOverdue,
    KnownResult,
    KnownTask,
)
from services.credit.model.rating import (
    DomainRating,
    Grade,
    IndustryScore,
    Rating,
    RatingCause,
    RatingChange,
    RatingDue,
)
from services.credit.model.repair import Repair
from services.credit.model.repair_parts import RepairChannel, RepairDocument, RepairReminder, SiteCheck, Supplement
from services.credit.model.repair_state import OPEN, RepairState
from services.credit.model.whitelist import OPEN as LISTED
from services.credit.model.whitelist import Whitelist, WhitelistState

metadata = MetaData()
mapper_registry = registry(metadata=metadata)
chassis_tables(metadata)

_FACTS = JsonOf(dict[str, str])
_SCORES = JsonOf(tuple[IndustryScore, ...])

# what the other services have told

known_objects = Table(
    "known_objects",
    metadata,
    id_column("object_id"),
    version_column(),
    Column("type", String(40), nullable=False),
    Column("name", String(500), nullable=False),
    Column("registration_status", String(40), nullable=False),
    Column("region", String(6), nullable=False, index=True),
    Column("tags", JsonOf(tuple[str, ...]), nullable=False, server_default="[]"),
)

known_authorities = Table(
    "known_authorities",
    metadata,
    id_column("authority_id"),
    version_column(),
    Column("name", String(200), nullable=False),
    Column("short_name", String(20), nullable=False),
    Column("level", String(40), nullable=False),
    Column("parent_id", String(64), nullable=False),
)

known_tasks = Table(
    "known_tasks",
    metadata,
    id_column("task_id"),
    version_column(),
    Column("number", String(200), nullable=False),
    Column("name", String(500), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("nature", String(40), nullable=False),
    Column("authority_id", String(64), nullable=False),
    Column("starts_on", Date),
    Column("ends_on", Date),
)

known_results = Table(
    "known_results",
    metadata,
    Column("result_id", String(130), primary_key=True),
    version_column(),
    Column("inspection_id", String(64), nullable=False, index=True),
    Column("authority_id", String(64), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("domain", String(100), nullable=False),
    Column("finding", String(40), nullable=False),
    Column("adverse", Boolean, nullable=False),
    Column("inspected_on", Date, nullable=False),
    Column("repaired", Boolean, nullable=False),
    Index("known_results_object", "object_id", "domain"),
    Index("known_results_domain", "domain", "object_id"),
)

known_evaluations = Table(
    "known_evaluations",
    metadata,
    id_column("evaluation_id"),
    Column("inspection_id", String(64), nullable=False, index=True),
    Column("authority_id", String(64), nullable=False),
    Column("submitted_on", Date, nullable=False),
)

known_overdues = Table(
    "known_overdues",
    metadata,
    Column("overdue_id", String(150), primary_key=True),
    Column("inspection_id", String(64), nullable=False, index=True),
    Column("authority_id", String(64), nullable=False),
    Column("disposal", String(40), nullable=False),
    Column("due_on", Date, nullable=False),
)

# ratings and models

ratings = Table(
    "ratings",
    metadata,
    id_column("object_id"),
    version_column(),
    Column("changed_at", Instant(), nullable=False),
    Column("public_rating", EnumOf(Grade), index=True),
    Column("public_valid_until", Date),
    Column("public_source", String(64), nullable=False),
    Column("risk_class", EnumOf(Grade), index=True),
    Column("risk_valid_until", Date),
    Column("risk_source", String(64), nullable=False),
    Column("industry", _SCORES, nullable=False),
)

rating_changes = Table(
    "rating_changes",
    metadata,
    id_column("change_id"),
    Column("object_id", String(64), nullable=False),
    version_column(),
    Column("changed_at", Instant(), nullable=False),
    Column("cause", EnumOf(RatingCause), nullable=False),
    Column("cause_id", String(64), nullable=False),
    Column("public_rating", EnumOf(Grade)),
    Column("risk_class", EnumOf(Grade)),
    Column("industry", _SCORES, nullable=False),
    Index("rating_changes_object", "object_id", "version"),
)

rating_dues = Table(
    "rating_dues",
    metadata,
    id_column("object_id"),
    Column("due_on", Date, index=True),
    Column("cause", EnumOf(RatingCause), nullable=False),
    Column("cause_id", String(64), nullable=False),
)

domain_ratings = Table(
    "domain_ratings",
    metadata,
    Column("object_id", String(64), primary_key=True),
    Column("domain", String(100), primary_key=True),
    Column("rating", EnumOf(Grade), nullable=False),
    Column("score", Float, nullable=False),
    Index("domain_ratings_domain", "domain", "rating", "object_id"),
)

industry_models = Table(
    "industry_models",
    metadata,
    id_column("model_id"),
    Column("domain", String(100), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("authority_id", String(64), nullable=False),
    Column("state", EnumOf(ModelState), nullable=False),
    Column("indicators", JsonOf(tuple[Indicator, ...]), nullable=False),
    Column("thresholds", JsonOf(Thresholds), nullable=False),
    Column("approved_by", String(128), nullable=False),
    Column("approved_at", Instant()),
    version_column(),
    *stamps(),
    UniqueConstraint("domain", "model_version"),
    Index("industry_models_state", "state", "domain"),
)

# whitelists

whitelists = Table(
    "whitelists",
    metadata,
    id_column("whitelist_id"),
    Column("authority_id", String(64), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("object_name", String(500), nullable=False),
    Column("matter_id", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, index=True),
    Column("state", EnumOf(WhitelistState), nullable=False),
    Column("proposed_by", String(128), nullable=False),
    Column("decided_by", String(128), nullable=False),
    Column("decided_at", Instant()),
    Column("end_reason", Text, nullable=False),
    version_column(),
    *stamps(),
)
Index(
    "whitelists_one_open",
    whitelists.c.authority_id,
    whitelists.c.object_id,
    whitelists.c.matter_id,
    unique=True,
    sqlite_where=whitelists.c.state.in_(LISTED),
    postgresql_where=whitelists.c.state.in_(LISTED),
)

# disclosures and who else is told

disclosures = Table(
    "disclosures",
    metadata,
    id_column("disclosure_id"),
    Column("kind", EnumOf(DisclosureKind), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("authority_id", String(64), nullable=False, index=True),
    Column("task_id", String(64), nullable=False, index=True),
    Column("object_id", String(64), nullable=False, index=True),
    Column("object_name", String(500), nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("number", String(200), nullable=False),
    Column("title", String(500), nullable=False),
    Column("domain", String(100), nullable=False),
    Column("happened_on", Date),
    Column("facts", _FACTS, nullable=False),
    Column("adverse", Boolean, nullable=False),
    Column("source_version", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", EnumOf(DisclosureState), nullable=False),
    Column("disclosed_at", Instant(), nullable=False),
    Column("withdrawn_at", Instant()),
    Column("withdrawal_reason", String(200), nullable=False),
    version_column(),
    *stamps(),
    UniqueConstraint("kind", "subject_id", "authority_id"),
    Index("disclosures_newest", "state", "disclosed_at", "disclosure_id"),
)

disclosure_revisions = Table(
    "disclosure_revisions",
    metadata,
    id_column("revision_id"),
    Column("disclosure_id", String(64), nullable=False),
    Column("source_version", BigInteger, nullable=False),
    Column("action", EnumOf(RevisionAction), nullable=False),
    Column("reason", Text, nullable=False),
    Column("title", String(500), nullable=False),
    Column("facts", _FACTS, nullable=False),
    Column("adverse", Boolean, nullable=False),
    Column("recorded_at", Instant(), nullable=False),
    Index("disclosure_revisions_of", "disclosure_id", "source_version"),
)

channels = Table(
    "channels",
    metadata,
    id_column("channel_id"),
    Column("name", String(200), nullable=False, unique=True),
    Column("kind", EnumOf(ChannelKind), nullable=False),
    Column("target", String(2000), nullable=False),
    Column("scope", EnumOf(ChannelScope), nullable=False),
    Column("state", EnumOf(ChannelState), nullable=False),
    Column("secret", String(200), nullable=False),  # empty once sealed
    Column("sealed_secret", LargeBinary),
    version_column(),
    *stamps(),
)

deliveries = Table(
    "deliveries",
    metadata,
    id_column("delivery_id"),
    Column("channel_id", String(64), nullable=False),
    Column("channel_name", String(200), nullable=False),
    Column("disclosure_id", String(64), nullable=False),
    Column("authority_id", String(64), nullable=False, index=True),
    Column("action", EnumOf(DeliveryAction), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", EnumOf(DeliveryState), nullable=False),
    Column("queued_at", Instant(), nullable=False),
    Column("queued_on", Date, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_attempt_at", Instant()),
    Column("next_attempt_at", Instant()),
    Column("leased_until", Instant()),
    Column("last_error", Text, nullable=False),
    Column("acknowledged_at", Instant()),
    Column("receipt", String(200), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("due_provisional", Boolean, nullable=False),
    Column("overdue_raised", Boolean, nullable=False),
    Index("deliveries_next", "state", "channel_id", "next_attempt_at"),
    Index("deliveries_of", "disclosure_id", "channel_id"),
    Index("deliveries_due", "state", "due_on"),
)

# repairs

repairs = Table(
    "repairs",
    metadata,
    id_column("repair_id"),
    Column("number", String(200), nullable=False),
    Column("disclosure_id", String(64), nullable=False, index=True),
    Column("inspection_id", String(64), nullable=False),
    Column("result_authority_id", String(64), nullable=False),
    Column("object_id", String(64), nullable=False, index=True),
    Column("object_name", String(500), nullable=False),
    Column("authority_id", String(64), nullable=False, index=True),
    Column("state", EnumOf(RepairState), nullable=False),
    Column("channel", EnumOf(RepairChannel), nullable=False),
    Column("external_number", String(200), nullable=False, index=True),
    Column("statement", Text, nullable=False),
    Column("documents", JsonOf(tuple[RepairDocument, ...]), nullable=False),
    Column("applied_by", String(128), nullable=False),
    Column("applied_at", Instant(), nullable=False),
    Column("accepted_on", Date),
    Column("accepted_by", String(128), nullable=False),
    Column("supplements", JsonOf(tuple[Supplement, ...]), nullable=False),
    Column("site_checks", JsonOf(tuple[SiteCheck, ...]), nullable=False),
    Column("due_on", Date),
    Column("due_provisional", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", String(128), nullable=False),
    Column("decided_at", Instant()),
    Column("reminders", JsonOf(tuple[RepairReminder, ...]), nullable=False),
    version_column(),
    *stamps(),
    Index("repairs_due", "state", "due_on"),
)
Index(
    "repairs_one_open",
    repairs.c.disclosure_id,
    unique=True,
    sqlite_where=repairs.c.state.in_(OPEN),
    postgresql_where=repairs.c.state.in_(OPEN),
)


def map_model() -> None:
    """Map the model's classes to these tables; a second call changes nothing."""
    if mapper_registry.mappers:
        return
    for kind, table in (
        (KnownObject, known_objects),
        (KnownAuthority, known_authorities),
        (KnownTask, known_tasks),
        (KnownResult, known_results),
        (KnownEvaluation, known_evaluations),
        (KnownOverdue, known_overdues),
        (Rating, ratings),
        (DomainRating, domain_ratings),
        (RatingChange, rating_changes),
        (RatingDue, rating_dues),
        (DisclosureRevision, disclosure_revisions),
        (Delivery, deliveries),
    ):
        mapper_registry.map_imperatively(kind, table)
    for entity, table in (
        (IndustryModel, industry_models),
        (Whitelist, whitelists),
        (Disclosure, disclosures),
        (Channel, channels),
        (Repair, repairs),
    ):
        mapper_registry.map_imperatively(entity, table, version_id_col=table.c.version)
