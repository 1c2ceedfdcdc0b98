"""Where sampling keeps what it knows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    sql,
)
from sqlalchemy.orm import registry

from services.chassis.database import EnumOf, Instant, JsonOf, chassis_tables, id_column, stamps, version_column
from services.sampling import ddl
from services.sampling.model.announcement import Announcement
from services.sampling.model.contributions import Contribution
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import DrawState, Round
from services.sampling.model.inspection_object import (
    Contact,
    Grade,
    InspectionObject,
    Licence,
    ObjectRevision,
    ObjectType,
    Rating,
    RegistrationStatus,
)
from services.sampling.model.inspector import CertificateNotice, Inspector, InspectorRevision
from services.sampling.model.neighbours import (
    Authority,
    Binding,
    InspectionRecord,
    JointList,
    Matter,
    Part,
    Task,
    Whitelisting,
)
from services.sampling.model.records import (
    DrawnRow,
    FrozenFile,
    InspectorsDraw,
    JointMatchRow,
    MatchParticipant,
    SealedSecret,
)
from services.sampling.model.recusal import Recusal, RecusalKind, RecusalOrigin, RecusalState
from services.sampling.model.teams import Team
from services.sampling.model.window import Abandoned, JointWindow, WindowDraw
from services.sampling.model.window_refusals import JointWindowState

metadata = MetaData()
chassis_tables(metadata)
mapper_registry = registry(metadata=metadata)


class Words(TypeDecorator[tuple[str, ...]]):
    """A few words in one text, `|餐饮|食品|`, so that `LIKE '%|餐饮|%'` finds one of them on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return pack(value) if isinstance(value, tuple | list) else value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> tuple[str, ...]:
        return unpack(value or "")


def pack(words: tuple[str, ...] | list[str]) -> str:
    """Words as they are kept."""
    return f"|{'|'.join(words)}|" if words else ""


def unpack(text: str) -> tuple[str, ...]:
    """Words as they were before."""
    return tuple(text[1:-1].split("|")) if text else ()


def text(name: str, length: int = 64) -> Column[str]:
    """A short text that may be empty."""
    return Column(name, String(length), nullable=False, default="")


def flag(name: str) -> Column[bool]:
    """Yes or no; no unless it says otherwise."""
    return Column(name, Boolean, nullable=False, default=False)


def words(name: str) -> Column[tuple[str, ...]]:
    """A few words."""
    return Column(name, Words, nullable=False, default=())


def later(name: str, kind: Any, default: Any = "") -> Column[Any]:
    """A column that came later: a release from before, which knows nothing of it, leaves it empty."""
    return Column(name, kind, nullable=False, default=default, server_default="")


def object_facts() -> tuple[Column[Any], ...]:
    """What is known of an object, now or earlier."""
    return (
        Column("type", EnumOf(ObjectType), nullable=False),
        text("name", 200),
        Column("registration_status", EnumOf(RegistrationStatus), nullable=False),
        text("region", 6),
        Column("address", Text, nullable=False, default=""),
        text("industry", 8),
        words("tags"),
        Column("licences", JsonOf(tuple[Licence, ...]), nullable=False, default=()),
        Column("contact", JsonOf(Contact)),
        Column("registered_on", Date),
        Column("enterprise_type", Text, nullable=False, default=""),
        Column("business_scope", Text, nullable=False, default=""),
        text("owner_id"),
        later("alias", String(200)),
        later("legal_representative", String(100)),
        later("area", String(100)),
        version_column(),
        *stamps(),
    )


def inspector_facts() -> tuple[Column[Any], ...]:
    """What is known of an inspector, now or earlier."""
    return (
        text("name", 100),
        text("authority_id"),
        text("region", 6),
        Column("valid_until", Date, nullable=False),
        words("domains"),
        words("qualifications"),
        flag("expert"),
        text("subject", 128),
        flag("retired"),
        Column("retired_reason", Text, nullable=False, default=""),
        later("earlier_employers", Words, ()),
        version_column(),
        *stamps(),
    )


def revision() -> tuple[Column[Any], ...]:
    """Until when a state lasted, and who replaced it."""
    return (Column("replaced_at", Instant(), nullable=False), text("replaced_by", 128))


_HAS_AREA = sql.text("area != ''")
objects = Table(
    "objects",
    metadata,
    id_column("object_id"),
    *object_facts(),
    Column("key", LargeBinary(16), nullable=False),
    Column("row_digest", LargeBinary(16), nullable=False, default=b""),
    Index("objects_by_region_and_id", "region", "object_id"),
    Index("objects_by_area", "area", "object_id", sqlite_where=_HAS_AREA, postgresql_where=_HAS_AREA),
    Index("objects_by_name", "name", "object_id", "alias"),  # with what SQLite searches: it looks into no row
    Index("objects_by_update", "updated_at", "object_id"),
)

object_revisions = Table(
    "object_revisions",
    metadata,
    id_column("revision_id"),
    Column("object_id", String(64), nullable=False, index=True),
    *object_facts(),
    *revision(),
)

ratings = Table(
    "ratings",
    metadata,
    id_column("object_id"),
    version_column(),
    text("public_rating", 8),
    text("risk_class", 8),
    Column("industry", JsonOf(tuple[Grade, ...]), nullable=False, default=()),
    Index("ratings_by_public", "public_rating", "object_id"),
)

directory_changes = Table(
    "directory_changes",
    metadata,
    Column("change_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("object_id", String(64), nullable=False),
)

directory_snapshots = Table(
    "directory_snapshots",
    metadata,
    id_column("name"),
    Column("version", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("object_count", BigInteger, nullable=False),
    Column("built_at", Instant(), nullable=False),
)

inspectors = Table(
    "inspectors",
    metadata,
    id_column("certificate"),
    *inspector_facts(),
    Index("inspectors_by_authority", "authority_id"),
    Index("inspectors_by_validity", "valid_until", "certificate"),
)

inspector_revisions = Table(
    "inspector_revisions",
    metadata,
    id_column("revision_id"),
    Column("certificate", String(64), nullable=False, index=True),
    *inspector_facts(),
    *revision(),
)

certificate_notices = Table(
    "certificate_notices",
    metadata,
    Column("certificate", String(64), primary_key=True),
    Column("valid_until", Date, primary_key=True),
    Column("expired", Boolean, primary_key=True),
    Column("noticed_at", Instant(), nullable=False),
)

recusals = Table(
    "recusals",
    metadata,
    id_column("recusal_id"),
    Column("certificate", String(64), nullable=False, index=True),
    Column("object_id", String(64), nullable=False, index=True),
    text("authority_id"),
    Column("kind", EnumOf(RecusalKind), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("origin", EnumOf(RecusalOrigin), nullable=False),
    Column("state", EnumOf(RecusalState), nullable=False),
    Column("withdrawn_reason", Text, nullable=False, default=""),
    version_column(),
    *stamps(),
)

draws = Table(
    "draws",
    metadata,
    id_column("draw_id"),
    Column("task_id", String(64), nullable=False, unique=True),
    text("task_number", 100),
    text("task_name", 400),
    text("authority_id"),
    text("region", 6),
    Column("year", Integer, nullable=False),
    words("participants"),
    Column("rounds", JsonOf(tuple[Round, ...]), nullable=False),
    Column("state", EnumOf(DrawState), nullable=False),
    Column("window_id", String(64), nullable=False, default="", index=True),
    flag("matched"),
    Column("regions", Words, nullable=False, default=(), server_default=""),
    Column("due_at", Instant(), index=True),
    version_column(),
    *stamps(),
)

announcements = Table(
    "announcements",
    metadata,
    Column("announcement_id", String(80), primary_key=True),
    Column("draw_id", String(64), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    text("commitment"),
    text("previous"),
    text("task_number", 100),
    text("task_name", 400),
    text("authority_id"),
    text("window_id"),
    Column("frame_count", BigInteger, nullable=False),
    Column("wanted_count", BigInteger, nullable=False),
    Column("state", EnumOf(DrawState), nullable=False),
    words("withheld"),
    Column("reveal_by", Instant()),
    Column("announced_at", Instant(), nullable=False),
    Column("closed_at", Instant()),
    Index("announcements_by_time", "announced_at", "announcement_id"),
)

drawn_objects = Table(
    "drawn_objects",
    metadata,
    id_column("row_id"),
    Column("draw_id", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("object_id", String(64), nullable=False),
    text("stratum", 100),
    Column("rank", Integer, nullable=False),
    flag("substitute"),
    text("name", 200),
    text("region", 6),
    Index("drawn_objects_by_round", "draw_id", "round", "place"),
)

frozen_files = Table(
    "frozen_files",
    metadata,
    id_column("file_id"),
    Column("owner_id", String(64), nullable=False, index=True),
    Column("packed", LargeBinary, nullable=False),
)

sealed_secrets = Table(
    "sealed_secrets", metadata, id_column("owner_id"), Column("secret", LargeBinary(32), nullable=False)
)

inspectors_draws = Table(
    "inspectors_draws",
    metadata,
    id_column("inspectors_draw_id"),
    Column("task_id", String(64), nullable=False, index=True),
    text("authority_id"),
    words("participants"),
    text("draw_id"),
    Column("round", Integer, nullable=False, default=0),
    Column("size", Integer, nullable=False),
    text("seed"),
    Column("teams", JsonOf(tuple[Team, ...]), nullable=False),
    Column("team_count", Integer, nullable=False),
    text("replaces"),
    text("replaced_certificate"),
    Column("reason", Text, nullable=False, default=""),
    *stamps(),
)

joint_windows = Table(
    "joint_windows",
    metadata,
    id_column("window_id"),
    Column("year", Integer, nullable=False),
    Column("quarter", Integer, nullable=False),
    Column("opens_on", Date, nullable=False),
    Column("closes_on", Date, nullable=False),
    flag("provisional"),
    Column("slot", String(16)),
    Column("state", EnumOf(JointWindowState), nullable=False),
    Column("contributions", JsonOf(tuple[Contribution, ...]), nullable=False, default=()),
    Column("draws", JsonOf(tuple[WindowDraw, ...]), nullable=False, default=()),
    text("commitment"),
    Column("closed_at", Instant()),
    Column("abandoned", JsonOf(tuple[Abandoned, ...]), nullable=False, default=()),
    text("seed"),
    Column("match_count", Integer, nullable=False, default=0),
    Column("internal_match_count", Integer, nullable=False, default=0),
    Column("authority_count", Integer, nullable=False, default=0),
    Column("visits_apart", Integer, nullable=False, default=0),
    Column("visits_together", Integer, nullable=False, default=0),
    version_column(),
    *stamps(),
    UniqueConstraint("slot", name="one_window_at_a_time"),
)

joint_matches = Table(
    "joint_matches",
    metadata,
    id_column("match_id"),
    Column("window_id", String(64), nullable=False),
    Column("object_id", String(64), nullable=False),
    text("lead_id"),
    text("lead_rule", 40),
    Column("participants", JsonOf(tuple[MatchParticipant, ...]), nullable=False),
    words("authorities"),
    Index("joint_matches_by_window", "window_id", "object_id", unique=True),
)

tasks = Table(
    "tasks",
    metadata,
    id_column("task_id"),
    version_column(),
    text("number", 100),
    text("name", 400),
    text("kind", 40),
    text("nature", 40),
    text("plan_id"),
    Column("year", Integer, nullable=False, default=0),
    text("authority_id"),
    text("region", 6),
    Column("parts", JsonOf(tuple[Part, ...]), nullable=False, default=()),
    text("selection", 40),
    text("staffing", 40),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("regions", Words, nullable=False, default=(), server_default=""),
    flag("purged"),
)

authorities = Table(
    "authorities",
    metadata,
    id_column("authority_id"),
    version_column(),
    text("name", 200),
    text("region", 6),
    text("level", 40),
)

matters = Table(
    "matters",
    metadata,
    id_column("matter_id"),
    version_column(),
    text("domain", 100),
    text("qualification", 200),
)

joint_lists = Table(
    "joint_lists",
    metadata,
    id_column("joint_list_id"),
    version_column(),
    text("trade", 200),
    text("lead_id"),
    words("members"),
    flag("retired"),
)

whitelist = Table(
    "whitelist",
    metadata,
    id_column("whitelist_id"),
    version_column(),
    Column("authority_id", String(64), nullable=False, default="", index=True),
    text("object_id"),
    text("matter_id"),
    Column("starts_on", Date),
    Column("ends_on", Date),
    flag("active"),
)

bindings = Table(
    "bindings",
    metadata,
    id_column("binding_id"),
    version_column(),
    Column("object_id", String(64), nullable=False),
    Column("subject", String(128), nullable=False, index=True),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("ended", Boolean, nullable=False),
)

inspection_records = Table(
    "inspection_records",
    metadata,
    Column("record_id", String(130), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("inspection_id", String(64), nullable=False, index=True),
    text("authority_id"),
    text("object_id"),
    text("task_id"),
    text("kind", 40),
    words("matter_ids"),
    words("certificates"),
    Column("day", Date),
    text("finding", 60),
    flag("cancelled"),
    Index("inspection_records_by_authority", "authority_id", "day"),
)

metadata.info["indexes_by_hand"] = {name for names in ddl.INDEXES.values() for name in names}
for _dialect in ("postgresql", "sqlite"):
    for _statement in ddl.statements(_dialect):
        event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

_VERSIONED = {
    InspectionObject: objects,
    Inspector: inspectors,
    Recusal: recusals,
    Draw: draws,
    JointWindow: joint_windows,
}
_PLAIN = {
    ObjectRevision: object_revisions,
    InspectorRevision: inspector_revisions,
    CertificateNotice: certificate_notices,
    Rating: ratings,
    Announcement: announcements,
    DrawnRow: drawn_objects,
    FrozenFile: frozen_files,
    SealedSecret: sealed_secrets,
    InspectorsDraw: inspectors_draws,
    JointMatchRow: joint_matches,
    Task: tasks,
    Authority: authorities,
    Matter: matters,
    JointList: joint_lists,
    Whitelisting: whitelist,
    Binding: bindings,
    InspectionRecord: inspection_records,
}


def map_model() -> None:
    """Map the model's classes; calling it again is harmless."""
    if mapper_registry.mappers:
        return
    for kind, table in _VERSIONED.items():
        mapper_registry.map_imperatively(kind, table, version_id_col=table.c.version)
    for kind, table in _PLAIN.items():
        mapper_registry.map_imperatively(kind, table)
