"""More time for a task, objects that partners supplement, types of objects, rules of exclusion. Expands only."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NO = "0"
"""False on both databases. With `sa.false()` SQLite copies the table and drops it, with all that hangs on its rows."""
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "exclusions",
        sa.Column("exclusion_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("authority_id", sa.String(length=64), nullable=False),
        sa.Column("record", JSON, nullable=True),
        sa.Column("registration_statuses", sa.Text(), nullable=False),
        sa.Column("object_ids", JSON, nullable=True),
        sa.Column("by_record", sa.Integer(), nullable=False),
        sa.Column("by_status", sa.Integer(), nullable=False),
        sa.Column("by_list", sa.Integer(), nullable=False),
        sa.Column("applied_by", sa.String(length=128), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.task_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("exclusion_id"),
    )
    with op.batch_alter_table("exclusions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exclusions_task_id"), ["task_id"], unique=False)
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extensions", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("extension_waits", sa.Boolean(), nullable=False, server_default=NO))
        batch_op.add_column(sa.Column("supplements_closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("object_types", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("inspections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("added_by", sa.String(length=64), nullable=False, server_default=""))
    _note_object_types()


def downgrade() -> None:
    op.drop_column("inspections", "added_by")  # not in a batch, for the same reason
    for name in ("object_types", "supplements_closed_at", "extension_waits", "extensions"):
        op.drop_column("tasks", name)
    op.drop_table("exclusions")


def _note_object_types() -> None:
    """Of the objects that are on the lists already."""
    inspections = sa.table("inspections", sa.column("task_id"), sa.column("object", JSON))
    tasks = sa.table("tasks", sa.column("task_id"), sa.column("object_types"))
    type = sa.type_coerce(inspections.c.object, sa.JSON)["type"].as_string()
    known = op.get_bind().execute(sa.select(inspections.c.task_id, type).distinct().where(type != "")).all()
    types = defaultdict(list)
    for task_id, name in sorted(known):
        types[task_id].append(name)
    for task_id, names in types.items():
        words = f"|{'|'.join(names)}|"
        op.get_bind().execute(tasks.update().where(tasks.c.task_id == task_id).values(object_types=words))
