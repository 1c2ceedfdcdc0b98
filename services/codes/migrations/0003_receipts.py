"""Receipts of mutual verification. Expands only: the release before runs on this schema."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("receipt", sa.Text(), server_default="", nullable=False))
