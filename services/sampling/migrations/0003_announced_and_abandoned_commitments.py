"""announced commitments, draws that are due, and replaced inspectors"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("announcement_id", sa.String(length=80), nullable=False),
        sa.Column("draw_id", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("task_number", sa.String(length=100), nullable=False),
        sa.Column("task_name", sa.String(length=400), nullable=False),
        sa.Column("authority_id", sa.String(length=64), nullable=False),
        sa.Column("window_id", sa.String(length=64), nullable=False),
        sa.Column("frame_count", sa.BigInteger(), nullable=False),
        sa.Column("wanted_count", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("withheld", sa.Text(), nullable=False),
        sa.Column("reveal_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("announcement_id"),
    )
    with op.batch_alter_table("announcements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_announcements_draw_id"), ["draw_id"], unique=False)
        batch_op.create_index("announcements_by_time", ["announced_at", "announcement_id"], unique=False)
    with op.batch_alter_table("draws", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_draws_due_at"), ["due_at"], unique=False)
    with op.batch_alter_table("inspectors_draws", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaces", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("replaced_certificate", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("inspectors_draws", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("replaced_certificate")
        batch_op.drop_column("replaces")
    with op.batch_alter_table("draws", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draws_due_at"))
        batch_op.drop_column("due_at")
    with op.batch_alter_table("announcements", schema=None) as batch_op:
        batch_op.drop_index("announcements_by_time")
        batch_op.drop_index(batch_op.f("ix_announcements_draw_id"))
    op.drop_table("announcements")
