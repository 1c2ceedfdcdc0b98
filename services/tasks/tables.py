"""Where tasks keeps what it knows, and how the model's classes are mapped to it."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    inspect,
)
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import registry, relationship

from services.chassis.database import (
    EnumOf,
    Instant,
    JsonOf,
    chassis_tables,
    id_column,
    stamps,
    version_column,
)
from services.tasks.model.change import Change, ChangeKind
from services.tasks.model.content import ContentMode, TaskMatter
from services.tasks.model.copies import (
    Authority,
    CheckForm,
    CheckItem,
    DirectoryObject,
    FormItem,
    Inspector,
    Matter,
    Plan,
)
from services.tasks.model.draft import Fixity, Selection, Staffing, TaskOrigin, TaskType, TestTerm
from services.tasks.model.drawing import DrawReceipt, Substitute
from services.tasks.model.effectiveness import COUNTS, DailyCount, Evaluation
from services.tasks.model.exclusion import Exclusion, RecordExclusion
from services.tasks.model.extension import Extension
from services.tasks.model.inspection import (
    CodeInfo,
    InspectedObject,
    Inspection,
    InspectionState,
    Interception,
    VisitInfo,
)
from services.tasks.model.paper import Filing, Scheme
from services.tasks.model.part import Member, Part, PartState, ResultVersion, Review, Signature
from services.tasks.model.participant import Answer, Participant
from services.tasks.model.record import Finding, Record
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import Attachment, HistoryEntry, LeadKind, Method, TaskKind, TaskNature

metadata = MetaData()
chassis_tables(metadata)
mapper_registry = registry(metadata=metadata)

WORDS = tuple[str, ...]


def _text(name: str, length: int | None = None) -> Column[str]:
    return Column(name, String(length) if length else Text, nullable=False, default="")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0)


def _json(name: str, kind: Any) -> Column[Any]:
    return Column(name, JsonOf(kind))


class Words(TypeDecorator[tuple[str, ...]]):
    """A few words in one text, `|餐饮|食品|`, so that `LIKE '%|餐饮|%'` finds one of them on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return (f"|{'|'.join(value)}|" if value else "") if isinstance(value, tuple | list) else value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> tuple[str, ...]:
        return tuple(value[1:-1].split("|")) if value else ()


# what others have announced

authorities = Table(
    "authorities",
    metadata,
    id_column("authority_id"),
    version_column(),
    _text("name"),
    _text("short_name"),
    _text("region", 12),
    _text("level", 20),
    _text("parent_id", 64),
    _json("domains", WORDS),
    Column("listed_from", Date),
    Column("listed_until", Date),
)

matters = Table(
    "matters",
    metadata,
    id_column("matter_id"),
    version_column(),
    _text("name"),
    _text("domain"),
    _text("legal_basis"),
    _json("methods", tuple[Method, ...]),
    _flag("random_eligible"),
    _text("qualification"),
    _text("content_level", 20),
    _json("items", tuple[CheckItem, ...]),
    _json("claimed_by", WORDS),
    _flag("retired"),
)

check_forms = Table(
    "check_forms",
    metadata,
    id_column("form_id"),
    version_column(),
    _text("name"),
    Column("authority_id", String(64), nullable=False, index=True),
    _json("items", tuple[FormItem, ...]),
)

plans = Table(
    "plans",
    metadata,
    id_column("plan_id"),
    version_column(),
    _text("number"),
    _number("year"),
    _text("name"),
    _text("authority_id", 64),
    _text("type", 20),
    _text("lead_domain"),
    _json("matter_ids", WORDS),
    _json("scope", WORDS),
    _json("methods", tuple[Method, ...]),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    _text("credit_rule"),
    _text("requirements"),
    _text("content_level", 20),
)

directory_objects = Table(
    "directory_objects",
    metadata,
    id_column("object_id"),
    version_column(),
    _text("type", 30),
    _text("name"),
    _text("registration_status", 30),
    _text("region", 12),
    _text("address"),
    Column("industry", String(8), nullable=False, default="", server_default=""),
    Column("tags", Words, nullable=False, default=(), server_default=""),
)

inspectors = Table(
    "inspectors",
    metadata,
    id_column("certificate"),
    version_column(),
    _text("name"),
    Column("authority_id", String(64), nullable=False, index=True),
    Column("valid_until", Date),
    _json("qualifications", WORDS),
    _flag("expert"),
    _flag("retired"),
)

# tasks

tasks = Table(
    "tasks",
    metadata,
    id_column("task_id"),
    Column("number", String(80), nullable=False),
    _text("name"),
    Column("year", Integer, nullable=False, index=True),
    Column("kind", EnumOf(TaskKind), nullable=False),
    Column("nature", EnumOf(TaskNature), nullable=False),
    Column("test_term", EnumOf(TestTerm)),
    Column("expires_at", Instant()),
    Column("origin", EnumOf(TaskOrigin), nullable=False),
    Column("plan_id", String(64), nullable=False, index=True),
    _text("plan_number"),
    Column("type", EnumOf(TaskType), nullable=False),
    Column("authority_id", String(64), nullable=False),
    _text("authority_name"),
    _text("region", 12),
    _text("lead_domain"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    _text("object_requirements"),
    _text("work_requirements"),
    _text("description"),
    Column("method", EnumOf(Method), nullable=False),
    _text("on_site_reason"),
    Column("content_mode", EnumOf(ContentMode), nullable=False),
    Column("invitation_deadline", Date),
    Column("fixity", EnumOf(Fixity), nullable=False),
    Column("selection", EnumOf(Selection), nullable=False),
    Column("staffing", EnumOf(Staffing), nullable=False),
    _json("attachments", tuple[Attachment, ...]),
    _json("assistance_order", Attachment | None),
    Column("assistance_regions", Words, nullable=False, default=(), server_default=""),
    _flag("survey"),
    Column("state", EnumOf(TaskState), nullable=False, index=True),
    _flag("objects_chosen"),
    _flag("staffed"),
    Column("object_count", Integer, nullable=False, default=0, server_default="0"),
    Column("staffed_count", Integer, nullable=False, default=0, server_default="0"),
    _number("draw_round"),
    _json("scheme", Scheme | None),
    _json("filing", Filing | None),
    Column("parent_task_id", String(64), nullable=False, index=True),
    _text("window_id", 64),
    Column("match_key", String(64), unique=True),
    _number("formations"),
    Column("formed_at", Instant()),
    Column("dispatched_at", Instant()),
    Column("closed_at", Instant()),
    _text("cancel_reason"),
    _flag("deleted"),
    _flag("overdue"),
    Column("extensions", JsonOf(tuple[Extension, ...]), nullable=False, default=(), server_default="[]"),
    Column("extension_waits", Boolean, nullable=False, default=False, server_default=false()),
    Column("supplements_closed_at", Instant()),
    Column("object_types", Words, nullable=False, default=(), server_default=""),
    _json("history", tuple[HistoryEntry, ...]),
    version_column(),
    *stamps(),
    Index("tasks_of_authority", "authority_id", "year", "state"),
    Index("tasks_that_end", "state", "ends_on"),
    Index("tasks_that_expire", "nature", "expires_at"),
)

participants = Table(
    "participants",
    metadata,
    Column("task_id", ForeignKey(tasks.c.task_id, ondelete="CASCADE"), primary_key=True),
    Column("authority_id", String(64), primary_key=True, index=True),
    _text("authority_name"),
    _number("position"),
    _flag("lead"),
    Column("answer", EnumOf(Answer)),
    _text("reason"),
    Column("answered_at", Instant()),
    _json("proposed_matter_ids", WORDS),
    _json("matters", tuple[TaskMatter, ...]),
    Column("content_mode", EnumOf(ContentMode), nullable=False),
)

draw_receipts = Table(
    "draw_receipts",
    metadata,
    Column("receipt_id", String(100), primary_key=True),
    Column("task_id", ForeignKey(tasks.c.task_id, ondelete="CASCADE"), nullable=False, index=True),
    _number("round"),
    _number("part"),
    _number("parts"),
)

substitutes = Table(
    "substitutes",
    metadata,
    id_column("substitute_id"),
    Column("task_id", ForeignKey(tasks.c.task_id, ondelete="CASCADE"), nullable=False),
    _number("round"),
    _text("object_id", 64),
    _text("name"),
    _text("region", 12),
    _text("stratum"),
    _number("rank"),
    _text("inspection_id", 64),
    Index("substitutes_in_order", "task_id", "round", "stratum", "rank"),
)

exclusions = Table(
    "exclusions",
    metadata,
    id_column("exclusion_id"),
    Column("task_id", ForeignKey(tasks.c.task_id, ondelete="CASCADE"), nullable=False, index=True),
    _text("authority_id", 64),
    _json("record", RecordExclusion | None),
    Column("registration_statuses", Words, nullable=False, default=()),
    _json("object_ids", WORDS),
    *map(_number, ("by_record", "by_status", "by_list")),
    Column("applied_by", String(128), nullable=False),
    Column("applied_at", Instant(), nullable=False),
)

# inspections

inspections = Table(
    "inspections",
    metadata,
    id_column("inspection_id"),
    Column("task_id", ForeignKey(tasks.c.task_id, ondelete="CASCADE"), nullable=False),
    _text("task_number"),
    _text("task_name"),
    _number("year"),
    Column("kind", EnumOf(TaskKind), nullable=False),
    Column("nature", EnumOf(TaskNature), nullable=False),
    Column("method", EnumOf(Method), nullable=False),
    _text("authority_id", 64),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("object_id", String(64), nullable=False),
    _text("object_name"),
    _json("object", InspectedObject),
    Column("state", EnumOf(InspectionState), nullable=False),
    _text("stratum"),
    _number("rank"),
    _number("round"),
    _flag("staffed"),
    _flag("excluded"),
    _text("exclusion_reason"),
    _text("repeat_reason"),
    Column("lead_kind", EnumOf(LeadKind)),
    _text("lead_detail"),
    Column("dispatched_at", Instant()),
    _json("code", CodeInfo | None),
    _json("interception", Interception | None),
    _json("visit", VisitInfo | None),
    _flag("mutually_verified"),
    _json("survey_visits", tuple[VisitInfo, ...]),
    Column("merged_into", String(64), nullable=False, index=True),
    _text("replaced_by", 64),
    _text("replaces", 64),
    Column("survey_id", String(64), nullable=False, index=True),
    Column("added_by", String(64), nullable=False, default="", server_default=""),
    _json("history", tuple[HistoryEntry, ...]),
    version_column(),
    *stamps(),
    Index("inspections_of_task", "task_id", "state"),
    Index("inspections_of_task_in_order", "task_id", "inspection_id"),
    Index("inspections_of_object", "object_id", "year"),
    Index("inspections_of_authority", "authority_id", "state"),
    Index("inspections_in_state", "state", "inspection_id"),
)

parts = Table(
    "inspection_parts",
    metadata,
    Column("inspection_id", ForeignKey(inspections.c.inspection_id, ondelete="CASCADE"), primary_key=True),
    Column("authority_id", String(64), primary_key=True),
    Column("task_id", String(64), nullable=False),
    _text("authority_name"),
    _number("position"),
    _flag("lead"),
    _json("matter_ids", WORDS),
    Column("state", EnumOf(PartState), nullable=False),
    _json("record", Record | None),
    _json("signatures", tuple[Signature, ...]),
    _json("object_signature", Signature | None),
    _json("review", Review | None),
    _json("versions", tuple[ResultVersion, ...]),
    Column("inspected_on", Date),
    Column("finding", EnumOf(Finding)),
    _flag("open_disposal"),
    Column("disposal_due", Date),
    _flag("disposal_overdue"),
    _text("domain"),
    Index("parts_of_authority", "authority_id", "state", "inspected_on"),
    Index("parts_with_disposals", "authority_id", "open_disposal", "disposal_due"),
    Index("parts_that_are_due", "open_disposal", "disposal_overdue", "disposal_due"),
    Index("parts_of_authority_in_order", "authority_id", "inspection_id"),
)

members = Table(
    "members",
    metadata,
    Column("inspection_id", String(64), primary_key=True),
    Column("authority_id", String(64), primary_key=True),
    Column("certificate", String(64), primary_key=True, index=True),
    _text("name"),
    Column("valid_until", Date),
    _flag("expert"),
    _flag("signed"),
    ForeignKeyConstraint(
        ["inspection_id", "authority_id"],
        ["inspection_parts.inspection_id", "inspection_parts.authority_id"],
        ondelete="CASCADE",
    ),
)

evaluations = Table(
    "evaluations",
    metadata,
    id_column("evaluation_id"),
    Column("inspection_id", ForeignKey(inspections.c.inspection_id, ondelete="CASCADE"), nullable=False),
    Column("authority_id", String(64), nullable=False),
    _number("score"),
    Column("received_at", Instant(), nullable=False),
    Index("evaluations_of_part", "inspection_id", "authority_id"),
)

daily_counts = Table(
    "daily_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("authority_id", String(64), primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("kind", EnumOf(TaskKind), primary_key=True),
    *map(_number, COUNTS),
    Index("daily_counts_of_authority", "authority_id", "day"),
)


changes = Table(
    "inspection_changes",
    metadata,
    id_column("change_id"),
    Column("kind", EnumOf(ChangeKind), nullable=False),
    Column("task_id", ForeignKey(tasks.c.task_id, ondelete="CASCADE"), nullable=False),
    _text("task_number"),
    Column("inspection_id", String(64), nullable=False, index=True),
    Column("authority_id", String(64), nullable=False),
    Column("object_id", String(64), nullable=False, index=True),
    _text("object_name"),
    _text("before"),
    _text("after"),
    _text("reason"),
    _text("text"),
    Column("changed_by", String(128), nullable=False, default=""),
    Column("changed_at", Instant(), nullable=False),
    Index("changes_of_task", "task_id", "change_id"),
    Index("changes_of_authority", "authority_id", "change_id"),
)


def map_model() -> None:
    """Map the model's classes to these tables; calling it again changes nothing."""
    if _is_mapped(Task):
        return
    copies = {
        Authority: authorities,
        Matter: matters,
        CheckForm: check_forms,
        Plan: plans,
        DirectoryObject: directory_objects,
        Inspector: inspectors,
        DrawReceipt: draw_receipts,
        Substitute: substitutes,
        Evaluation: evaluations,
        DailyCount: daily_counts,
        Participant: participants,
        Member: members,
        Change: changes,
        Exclusion: exclusions,
    }
    for kind, table in copies.items():
        mapper_registry.map_imperatively(kind, table)
    # joined: SQLite finds no pair of keys in a list by an index, and would read every member there is
    team = _children(Member, members.c.certificate, lazy="joined")
    mapper_registry.map_imperatively(Part, parts, properties={"team": team})
    mapper_registry.map_imperatively(
        Inspection,
        inspections,
        version_id_col=inspections.c.version,
        properties={"parts": _children(Part, parts.c.position)},
    )
    mapper_registry.map_imperatively(
        Task,
        tasks,
        version_id_col=tasks.c.version,
        properties={"participants": _children(Participant, participants.c.position)},
    )


def _children(kind: type[object], order: Any, lazy: Literal["selectin", "joined"] = "selectin") -> Any:
    return relationship(kind, order_by=order, cascade="all, delete-orphan", lazy=lazy, passive_deletes=True)


def _is_mapped(kind: type[object]) -> bool:
    try:
        inspect(kind)
    except NoInspectionAvailable:
        return False
    return True
