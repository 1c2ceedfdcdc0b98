"""Where codes keeps what it knows: one database, these tables."""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import registry

from services.chassis.database import EnumOf, Instant, JsonOf, chassis_tables, id_column, stamps, version_column
from services.codes.model import warning
from services.codes.model.attachment import Attachment
from services.codes.model.code import CodeKind, CodePart, CodeState, InspectionCode
from services.codes.model.complaint import Complaint, ComplaintKind, ComplaintState
from services.codes.model.device import Device, DeviceRole, ScanOutcome, TakenScan
from services.codes.model.directory import (
    AnnualCap,
    CalledOff,
    CheckItem,
    IndustryRating,
    KnownAuthority,
    KnownInspector,
    KnownMatch,
    KnownMatter,
    KnownObject,
    KnownRating,
    TaskTerm,
    Whitelisting,
)
from services.codes.model.enterprise_code import Binding, BindingKind, EnterpriseCode, ForeignCode
from services.codes.model.evaluation import Evaluation
from services.codes.model.external_result import ExternalResult
from services.codes.model.history import Finding, InspectionNote
from services.codes.model.issue import Interception, Rule
from services.codes.model.key import KeyState, SigningKey
from services.codes.model.visit import ExceptionKind, Visit, VisitState
from services.codes.model.warning import WarningKind, WarningState

metadata = MetaData()
mapper_registry = registry(metadata=metadata)
chassis_tables(metadata)

Texts = tuple[str, ...]


def _id(name: str, *, index: bool = False) -> Column[str]:
    return Column(name, String(64), nullable=False, index=index)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


codes = Table(
    "codes",
    metadata,
    id_column("code_id"),
    Column("kind", EnumOf(CodeKind), nullable=False),
    Column("state", EnumOf(CodeState), nullable=False),
    _id("inspection_id", index=True),
    _id("task_id", index=True),
    _text("task_number"),
    _text("task_name"),
    Column("task_kind", String(16), nullable=False),
    Column("test", Boolean, nullable=False),
    _id("object_id"),
    Column("parts", JsonOf(tuple[CodePart, ...]), nullable=False),
    _id("lead_id"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("valid_from", Instant(), nullable=False),
    Column("valid_to", Instant(), nullable=False),
    Column("status_index", BigInteger, nullable=False, unique=True),
    _text("text"),
    Column("warnings", JsonOf(Texts), nullable=False),
    Column("lead_kind", String(64), nullable=False),
    _text("lead_detail"),
    Column("revoked_at", Instant()),
    _text("revocation_reason"),
    Column("purged", Boolean, nullable=False),
    version_column(),
    *stamps(),
)
Index("codes_by_object", codes.c.object_id, codes.c.starts_on)
_stands = (codes.c.state == CodeState.ISSUED) & (codes.c.inspection_id != "")
Index("codes_one_per_inspection", codes.c.inspection_id, unique=True, sqlite_where=_stands, postgresql_where=_stands)

code_parties = Table(
    "code_parties",  # authorities and inspectors of each code, for lists
    metadata,
    Column("party", String(64), primary_key=True),
    Column("code_id", String(64), primary_key=True),
)

visit_counts = Table(
    "visit_counts",
    metadata,
    Column("authority_id", String(64), primary_key=True),
    Column("object_id", String(64), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("matter_id", String(64), primary_key=True),
    Column("visits", Integer, nullable=False),
)

interceptions = Table(
    "interceptions",
    metadata,
    id_column("interception_id"),
    _id("inspection_id", index=True),
    _id("task_id", index=True),
    _text("task_number"),
    _id("object_id", index=True),
    _id("lead_id", index=True),
    Column("rule", EnumOf(Rule), nullable=False),
    _id("authority_id", index=True),
    _id("matter_id"),
    Column("count", Integer, nullable=False),
    Column("cap", Integer, nullable=False),
    _text("message"),
    Column("created_at", Instant(), nullable=False),
)

visits = Table(
    "visits",
    metadata,
    id_column("visit_id"),
    _id("code_id"),
    _id("inspection_id", index=True),
    _id("object_id"),
    Column("state", EnumOf(VisitState), nullable=False),
    Column("presented_at", Instant()),
    _id("presented_by"),
    Column("enterprise_scanned_at", Instant()),
    Column("enterprise_scanned_by", String(128), nullable=False),
    Column("inspector_scanned_at", Instant()),
    _id("inspector_scanned_by"),
    Column("enterprise_code_scheme", String(64), nullable=False),
    Column("verified_at", Instant()),
    Column("exception", EnumOf(ExceptionKind)),
    _text("exception_reason"),
    Column("exception_photo", JsonOf(Attachment)),
    Column("excepted_at", Instant()),
    _id("excepted_by"),
    Column("receipt", Text, nullable=False, server_default=""),
    Column("offline", Boolean, nullable=False, server_default=false()),
    version_column(),
    *stamps(),
    UniqueConstraint("code_id", "object_id"),
)

devices = Table(
    "devices",
    metadata,
    id_column("device_id"),
    Column("key_id", String(16), nullable=False, unique=True),
    Column("public", LargeBinary, nullable=False),
    _text("name"),
    Column("role", EnumOf(DeviceRole), nullable=False),
    Column("subject", String(128), nullable=False, index=True),
    _id("certificate"),
    _id("authority_id"),
    _id("object_id"),
    Column("last_sequence", BigInteger, nullable=False),
    Column("last_sha256", LargeBinary, nullable=False),
    Column("retired_at", Instant()),
    _text("retirement_reason"),
    version_column(),
    *stamps(),
)

taken_scans = Table(
    "taken_scans",
    metadata,
    Column("device_id", String(64), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("at", Instant(), nullable=False),
    Column("outcome", EnumOf(ScanOutcome), nullable=False),
    Column("reason", String(64), nullable=False),
    _text("message_zh"),
    _text("message_en"),
    _id("visit_id"),
    Column("created_at", Instant(), nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key_id", String(16), nullable=False, unique=True),
    Column("state", EnumOf(KeyState), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("activated_at", Instant()),
    Column("retired_at", Instant()),
)

enterprise_codes = Table(
    "enterprise_codes",
    metadata,
    id_column("code_id"),
    _id("object_id", index=True),
    Column("state", EnumOf(CodeState), nullable=False),
    Column("status_index", BigInteger, nullable=False, unique=True),
    _text("text"),
    Column("valid_from", Instant(), nullable=False),
    Column("valid_to", Instant(), nullable=False),
    version_column(),
    *stamps(),
)
_in_use = enterprise_codes.c.state == CodeState.ISSUED
Index(
    "enterprise_codes_one_per_object",
    enterprise_codes.c.object_id,
    unique=True,
    sqlite_where=_in_use,
    postgresql_where=_in_use,
)

bindings = Table(
    "bindings",
    metadata,
    id_column("binding_id"),
    _id("object_id", index=True),
    Column("subject", String(128), nullable=False, index=True),
    _text("name"),
    Column("kind", EnumOf(BindingKind), nullable=False),
    Column("ends_on", Date),
    Column("ended_at", Instant()),
    version_column(),
    *stamps(),
)

foreign_codes = Table(
    "foreign_codes",
    metadata,
    Column("scheme", String(64), primary_key=True),
    Column("token", String(512), primary_key=True),
    _id("object_id"),
    Column("created_at", Instant()),
    Column("created_by", String(128), nullable=False),
)

external_results = Table(
    "external_results",
    metadata,
    Column("code_id", String(64), primary_key=True),
    Column("authority_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("matter_ids", JsonOf(Texts), nullable=False),
    Column("finding", String(40), nullable=False),
    _text("summary"),
    Column("disposal", String(40), nullable=False),
    Column("inspected_on", Date, nullable=False),
    _text("correction_reason"),
    Column("created_at", Instant(), nullable=False),
    Column("created_by", String(128), nullable=False, index=True),
)

evaluations = Table(
    "evaluations",
    metadata,
    id_column("evaluation_id"),
    _id("code_id"),
    _id("inspection_id", index=True),
    _id("authority_id", index=True),
    _id("object_id", index=True),
    Column("score", SmallInteger, nullable=False),
    _text("comment"),
    *stamps(),
    UniqueConstraint("code_id", "object_id", "authority_id"),
)

complaints = Table(
    "complaints",
    metadata,
    id_column("complaint_id"),
    _id("authority_id", index=True),
    Column("kind", EnumOf(ComplaintKind), nullable=False),
    _text("text"),
    _id("object_id", index=True),
    _id("code_id"),
    Column("happened_on", Date),
    Column("attachments", JsonOf(tuple[Attachment, ...]), nullable=False),
    Column("state", EnumOf(ComplaintState), nullable=False),
    _text("answer"),
    Column("handled_at", Instant()),
    Column("handled_by", String(128), nullable=False),
    version_column(),
    *stamps(),
)

warnings = Table(
    "warnings",
    metadata,
    id_column("warning_id"),
    Column("fingerprint", String(256), nullable=False, unique=True),
    Column("kind", EnumOf(WarningKind), nullable=False),
    _id("authority_id", index=True),
    _id("object_id", index=True),
    _id("inspection_id", index=True),
    _id("code_id"),
    Column("task_id", String(64), nullable=False, default="", server_default=""),
    _text("message"),
    Column("state", EnumOf(WarningState), nullable=False, index=True),
    _text("note"),
    Column("handled_at", Instant()),
    Column("handled_by", String(128), nullable=False),
    version_column(),
    *stamps(),
)

inspection_notes = Table(
    "inspection_notes",
    metadata,
    id_column("inspection_id"),
    _id("object_id"),
    _id("code_id"),
    _text("task_number"),
    _text("task_name"),
    Column("task_kind", String(16), nullable=False),
    Column("method", String(32), nullable=False),
    Column("authority_ids", JsonOf(Texts), nullable=False),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("noted_at", Instant(), nullable=False),
)
Index("inspection_notes_by_object", inspection_notes.c.object_id, inspection_notes.c.noted_at)

findings = Table(
    "findings",
    metadata,
    Column("inspection_id", String(64), primary_key=True),
    Column("authority_id", String(64), primary_key=True),
    version_column(),
    Column("matter_ids", JsonOf(Texts), nullable=False),
    Column("finding", String(64), nullable=False),
    _text("summary"),
    Column("disposal", String(64), nullable=False),
    Column("adverse", Boolean, nullable=False),
    Column("inspected_on", Date),
)

known_authorities = Table(
    "known_authorities",
    metadata,
    id_column("authority_id"),
    version_column(),
    _text("name"),
    Column("region", String(12), nullable=False, index=True),
    Column("listed_from", Date),
    Column("listed_until", Date),
)

known_objects = Table(
    "known_objects",
    metadata,
    id_column("object_id"),
    version_column(),
    Column("type", String(32), nullable=False),
    _text("name"),
    Column("registration_status", String(32), nullable=False),
    Column("region", String(12), nullable=False),
    _text("address"),
    Column("industry", String(64), nullable=False),
)

known_inspectors = Table(
    "known_inspectors",
    metadata,
    id_column("certificate"),
    version_column(),
    _text("name"),
    _id("authority_id"),
    Column("valid_until", Date),
    Column("retired", Boolean, nullable=False),
)

known_matters = Table(
    "known_matters",
    metadata,
    id_column("matter_id"),
    version_column(),
    _text("name"),
    _text("legal_basis"),
    Column("items", JsonOf(tuple[CheckItem, ...]), nullable=False),
    Column("domain", String(64), nullable=False, server_default=""),
)

known_ratings = Table(
    "known_ratings",
    metadata,
    id_column("object_id"),
    version_column(),
    Column("public_rating", String(4), nullable=False),
    Column("risk_class", String(4), nullable=False),
    Column("industry", JsonOf(tuple[IndustryRating, ...]), nullable=False),
)

annual_caps = Table(
    "annual_caps",
    metadata,
    id_column("annual_cap_id"),
    version_column(),
    _id("authority_id"),
    Column("region", String(12), nullable=False),
    Column("year", Integer, nullable=False, index=True),
    _id("matter_id"),
    Column("visits", Integer, nullable=False),
)

whitelistings = Table(
    "whitelistings",
    metadata,
    id_column("whitelist_id"),
    version_column(),
    _id("authority_id", index=True),
    _id("object_id"),
    _id("matter_id"),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("active", Boolean, nullable=False),
)

known_matches = Table(
    "known_matches",
    metadata,
    Column("match_id", String(64), primary_key=True),
    Column("task_id", String(64), primary_key=True, index=True),
    _id("object_id"),
)

called_off = Table("called_off", metadata, id_column("inspection_id"))

task_terms = Table(
    "task_terms",
    metadata,
    id_column("task_id"),
    version_column(),
    Column("ends_on", Date, nullable=False),
)


@cache
def map_model() -> None:
    """Map the model's classes to the tables."""
    versioned = {
        InspectionCode: codes,
        Visit: visits,
        EnterpriseCode: enterprise_codes,
        Device: devices,
        Binding: bindings,
        Complaint: complaints,
        warning.Warning: warnings,
    }
    plain = {
        Interception: interceptions,
        SigningKey: signing_keys,
        ForeignCode: foreign_codes,
        TakenScan: taken_scans,
        Evaluation: evaluations,
        ExternalResult: external_results,
        InspectionNote: inspection_notes,
        Finding: findings,
        KnownAuthority: known_authorities,
        KnownObject: known_objects,
        KnownInspector: known_inspectors,
        KnownMatter: known_matters,
        KnownRating: known_ratings,
        AnnualCap: annual_caps,
        Whitelisting: whitelistings,
        KnownMatch: known_matches,
        CalledOff: called_off,
        TaskTerm: task_terms,
    }
    for kind, table in versioned.items():
        mapper_registry.map_imperatively(kind, table, version_id_col=table.c.version)
    for kind, table in plain.items():
        mapper_registry.map_imperatively(kind, table)
