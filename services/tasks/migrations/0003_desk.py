"""What is due, signed and overdue; what each day counts. Expands only: the release before runs on this schema."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NO = "0"
"""False on both databases. With `sa.false()` SQLite copies the table and drops it, with all that hangs on its rows."""


def upgrade() -> None:
    op.create_table(
        "daily_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("authority_id", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("inspections", sa.Integer(), nullable=False),
        sa.Column("joint", sa.Integer(), nullable=False),
        sa.Column("off_site", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("on_site", sa.Integer(), nullable=False),
        sa.Column("scanned", sa.Integer(), nullable=False),
        sa.Column("evaluations", sa.Integer(), nullable=False),
        sa.Column("praises", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "authority_id", "domain", "kind"),
    )
    with op.batch_alter_table("daily_counts", schema=None) as batch_op:
        batch_op.create_index("daily_counts_of_authority", ["authority_id", "day"], unique=False)

    with op.batch_alter_table("inspection_parts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("disposal_due", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("disposal_overdue", sa.Boolean(), nullable=False, server_default=NO))
        batch_op.add_column(sa.Column("domain", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index("parts_that_are_due", ["open_disposal", "disposal_overdue", "disposal_due"], unique=False)
        batch_op.create_index("parts_with_disposals", ["authority_id", "open_disposal", "disposal_due"], unique=False)

    with op.batch_alter_table("inspections", schema=None) as batch_op:
        batch_op.create_index("inspections_of_authority", ["authority_id", "state"], unique=False)

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signed", sa.Boolean(), nullable=False, server_default=NO))

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("overdue", sa.Boolean(), nullable=False, server_default=NO))
        batch_op.create_index("tasks_that_end", ["state", "ends_on"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("tasks_that_end")
        batch_op.drop_column("overdue")

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("signed")

    with op.batch_alter_table("inspections", schema=None) as batch_op:
        batch_op.drop_index("inspections_of_authority")

    with op.batch_alter_table("inspection_parts", schema=None) as batch_op:
        batch_op.drop_index("parts_with_disposals")
        batch_op.drop_index("parts_that_are_due")
        batch_op.drop_column("domain")
        batch_op.drop_column("disposal_overdue")
        batch_op.drop_column("disposal_due")

    with op.batch_alter_table("daily_counts", schema=None) as batch_op:
        batch_op.drop_index("daily_counts_of_authority")

    op.drop_table("daily_counts")
