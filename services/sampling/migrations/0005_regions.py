"""Where a task may draw: its own region, and those of an assistance order. Expands only."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("tasks", "draws"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("regions", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in ("draws", "tasks"):
        op.drop_column(table, "regions")
