"""What further indicators look at: tags of objects, and disposals that were not closed in time. Expands only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("known_objects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tags", JSON, nullable=False, server_default="[]"))
    op.create_table(
        "known_overdues",
        sa.Column("overdue_id", sa.String(150), nullable=False),
        sa.Column("inspection_id", sa.String(64), nullable=False),
        sa.Column("authority_id", sa.String(64), nullable=False),
        sa.Column("disposal", sa.String(40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("overdue_id"),
    )
    with op.batch_alter_table("known_overdues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_known_overdues_inspection_id"), ["inspection_id"], unique=False)


def downgrade() -> None:
    op.drop_table("known_overdues")
    op.drop_column("known_objects", "tags")
