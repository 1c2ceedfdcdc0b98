"""Where the plans service keeps what it knows, and how its model lies in these tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import composite, registry

from services.chassis.database import EnumOf, Instant, JsonOf, chassis_tables, id_column, stamps, version_column
from services.plans.model.annual_cap import AnnualCap, AnnualCapVersion
from services.plans.model.authority import Authority, AuthorityLevel, AuthorityVersion, Payment
from services.plans.model.check_form import CheckForm, CheckFormContent, CheckFormVersion, FormItem
from services.plans.model.joint_list import JointList, JointListVersion, JointMember
from services.plans.model.matter import CheckItem, Matter, MatterContent, MatterVersion
from services.plans.model.official import Official, OfficialRole, OfficialVersion
from services.plans.model.plan import AnnualPlan, PlanStep
from services.plans.model.plan_content import PlanScope, PlanSource, PlanType, RegionalRatio
from services.plans.model.plan_state import PlanState
from services.plans.model.plan_task import PlanTask
from services.plans.model.receipt import Answer, Receipt
from services.plans.model.values import Attachment, ContentLevel, Method

metadata = MetaData()
mapper_registry = registry(metadata=metadata)
chassis_tables(metadata)

_TEXTS = JsonOf(tuple[str, ...])

authorities = Table(
    "authorities",
    metadata,
    id_column("authority_id"),
    Column("name", String(200), nullable=False),
    Column("short_name", String(20), nullable=False),
    Column("region", String(6), nullable=False, index=True),
    Column("level", EnumOf(AuthorityLevel), nullable=False),
    Column("parent_id", String(64), nullable=False, index=True),
    Column("domains", _TEXTS, nullable=False),
    Column("listed_from", Date),
    Column("listed_until", Date),
    Column("collecting_unit_code", String(200), nullable=False),
    Column("bank_account_name", String(200), nullable=False),
    Column("bank_account_number", String(200), nullable=False),
    Column("penalty_code", String(200), nullable=False),
    Column("seal", JsonOf(Attachment | None)),
    version_column(),
    *stamps(),
)

authority_versions = Table(
    "authority_versions",
    metadata,
    id_column("authority_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    Column("short_name", String(20), nullable=False),
    Column("region", String(6), nullable=False),
    Column("level", EnumOf(AuthorityLevel), nullable=False),
    Column("parent_id", String(64), nullable=False),
    Column("domains", _TEXTS, nullable=False),
    Column("listed_from", Date),
    Column("listed_until", Date),
    *stamps(),
)

officials = Table(
    "officials",
    metadata,
    id_column("official_id"),
    Column("subject", String(128), nullable=False),
    Column("authority_id", String(64), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("roles", JsonOf(tuple[OfficialRole, ...]), nullable=False),
    Column("post", String(100), nullable=False),
    Column("active_from", Date, nullable=False),
    Column("active_until", Date),
    Column("retired", Boolean, nullable=False),
    version_column(),
    *stamps(),
    Index(
        "one_post_each",
        "subject",
        unique=True,
        sqlite_where=text("NOT retired"),
        postgresql_where=text("NOT retired"),
    ),
)

official_versions = Table(
    "official_versions",
    metadata,
    id_column("official_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(100), nullable=False),
    Column("roles", JsonOf(tuple[OfficialRole, ...]), nullable=False),
    Column("post", String(100), nullable=False),
    Column("active_from", Date, nullable=False),
    Column("active_until", Date),
    Column("retired", Boolean, nullable=False),
    *stamps(),
)

matters = Table(
    "matters",
    metadata,
    id_column("matter_id"),
    Column("name", String(500), nullable=False),
    Column("domain", String(100), nullable=False, index=True),
    Column("legal_basis", Text, nullable=False),
    Column("methods", JsonOf(tuple[Method, ...]), nullable=False),
    Column("random_eligible", Boolean, nullable=False),
    Column("ratio", String(500), nullable=False),
    Column("frequency", String(500), nullable=False),
    Column("materials", _TEXTS, nullable=False),
    Column("qualification", String(200), nullable=False),
    Column("content_level", EnumOf(ContentLevel), nullable=False),
    Column("items", JsonOf(tuple[CheckItem, ...]), nullable=False),
    Column("claimed_by", _TEXTS, nullable=False),
    Column("retired", Boolean, nullable=False),
    version_column(),
    *stamps(),
)

matter_versions = Table(
    "matter_versions",
    metadata,
    id_column("matter_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("content", JsonOf(MatterContent), nullable=False),
    Column("claimed_by", _TEXTS, nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("made_at", Instant(), nullable=False),
    Column("made_by", String(128), nullable=False),
)

check_forms = Table(
    "check_forms",
    metadata,
    id_column("form_id"),
    Column("name", String(200), nullable=False),
    Column("authority_id", String(64), nullable=False, index=True),
    Column("items", JsonOf(tuple[FormItem, ...]), nullable=False),
    Column("matter_ids", _TEXTS, nullable=False),
    Column("retired", Boolean, nullable=False),
    version_column(),
    *stamps(),
)

check_form_versions = Table(
    "check_form_versions",
    metadata,
    id_column("form_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("content", JsonOf(CheckFormContent), nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("made_at", Instant(), nullable=False),
    Column("made_by", String(128), nullable=False),
)

joint_lists = Table(
    "joint_lists",
    metadata,
    id_column("joint_list_id"),
    Column("trade", String(100), nullable=False),
    Column("lead_id", String(64), nullable=False, index=True),
    Column("members", JsonOf(tuple[JointMember, ...]), nullable=False),
    Column("retired", Boolean, nullable=False),
    version_column(),
    *stamps(),
)

joint_list_versions = Table(
    "joint_list_versions",
    metadata,
    id_column("joint_list_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("trade", String(100), nullable=False),
    Column("lead_id", String(64), nullable=False),
    Column("members", JsonOf(tuple[JointMember, ...]), nullable=False),
    Column("retired", Boolean, nullable=False),
    *stamps(),
)

annual_caps = Table(
    "annual_caps",
    metadata,
    id_column("annual_cap_id"),
    Column("authority_id", String(64), nullable=False),
    Column("region", String(6), nullable=False),
    Column("year", Integer, nullable=False),
    Column("matter_id", String(64), nullable=False),
    Column("visits", Integer, nullable=False),
    Column("lifted", Boolean, nullable=False),
    version_column(),
    *stamps(),
    UniqueConstraint("authority_id", "region", "year", "matter_id", name="one_cap_each"),
)

annual_cap_versions = Table(
    "annual_cap_versions",
    metadata,
    id_column("annual_cap_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("visits", Integer, nullable=False),
    Column("lifted", Boolean, nullable=False),
    *stamps(),
)

plans = Table(
    "plans",
    metadata,
    id_column("plan_id"),
    Column("authority_id", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("content_level", EnumOf(ContentLevel)),
    Column("lead_domain", String(100), nullable=False),
    Column("type", EnumOf(PlanType), nullable=False),
    Column("joint_domains", _TEXTS, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("task_nature", String(200), nullable=False),
    Column("objects", Text, nullable=False),
    Column("methods", JsonOf(tuple[Method, ...]), nullable=False),
    Column("draw_method", String(200), nullable=False),
    Column("object_count", BigInteger, nullable=False),
    Column("regional_ratios", JsonOf(tuple[RegionalRatio, ...]), nullable=False),
    Column("credit_rule", Text, nullable=False),
    Column("requirements", Text, nullable=False),
    Column("inspecting_bodies", String(1000), nullable=False),
    Column("responsible_office", String(200), nullable=False),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("term_note", String(1000), nullable=False),
    Column("scope", JsonOf(PlanScope), nullable=False),
    Column("document_reference", String(200), nullable=False),
    Column("attachments", JsonOf(tuple[Attachment, ...]), nullable=False),
    Column("remarks", Text, nullable=False),
    Column("matter_ids", _TEXTS, nullable=False),
    Column("partner_matter_ids", _TEXTS, nullable=False),
    Column("source", EnumOf(PlanSource), nullable=False),
    Column("state", EnumOf(PlanState), nullable=False),
    Column("authors", _TEXTS, nullable=False),
    Column("reviewer_id", String(128), nullable=False, index=True),
    Column("submitted_at", Instant()),
    Column("reviewed_at", Instant()),
    Column("rejection_reason", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("tasks", JsonOf(tuple[PlanTask, ...]), nullable=False),
    Column("deleted_at", Instant()),
    version_column(),
    *stamps(),
    Index("plans_of_an_authority", "authority_id", "year", "state"),
)

receipts = Table(
    "receipts",
    metadata,
    id_column("receipt_id"),
    Column("plan_id", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("authority_id", String(64), nullable=False, index=True),
    Column("sent_at", Instant(), nullable=False),
    Column("answer", EnumOf(Answer), nullable=False),
    Column("reason", Text, nullable=False),
    Column("answered_at", Instant()),
    Column("answered_by", String(128), nullable=False),
    UniqueConstraint("plan_id", "round", "authority_id", name="sent_once"),
)

plan_steps = Table(
    "plan_steps",
    metadata,
    id_column("step_id"),
    Column("plan_id", String(64), nullable=False, index=True),
    Column("at", Instant(), nullable=False),
    Column("by", String(128), nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("state", EnumOf(PlanState), nullable=False),
    Column("note", Text, nullable=False),
)

_PAYMENT = composite(
    Payment,
    authorities.c.collecting_unit_code,
    authorities.c.bank_account_name,
    authorities.c.bank_account_number,
    authorities.c.penalty_code,
    authorities.c.seal,
)


def map_model() -> None:
    """Lay the model's classes over the tables, once. The model counts versions itself: facts carry them at once."""
    if mapper_registry.mappers:
        return
    versioned: list[tuple[type, Table]] = [
        (Official, officials),
        (Matter, matters),
        (CheckForm, check_forms),
        (JointList, joint_lists),
        (AnnualCap, annual_caps),
        (AnnualPlan, plans),
    ]
    mapper_registry.map_imperatively(
        Authority,
        authorities,
        properties={"payment": _PAYMENT},
        version_id_col=authorities.c.version,
        version_id_generator=False,
    )
    for entity, table in versioned:
        mapper_registry.map_imperatively(entity, table, version_id_col=table.c.version, version_id_generator=False)
    records: list[tuple[type, Table]] = [
        (AuthorityVersion, authority_versions),
        (OfficialVersion, official_versions),
        (MatterVersion, matter_versions),
        (CheckFormVersion, check_form_versions),
        (JointListVersion, joint_list_versions),
        (AnnualCapVersion, annual_cap_versions),
    ]
    for record, table in records:
        mapper_registry.map_imperatively(record, table)
    mapper_registry.map_imperatively(Receipt, receipts)
    mapper_registry.map_imperatively(PlanStep, plan_steps)
