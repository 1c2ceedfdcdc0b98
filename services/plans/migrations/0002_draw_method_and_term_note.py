"""draw method and term note of a plan"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.add_column(sa.Column("draw_method", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("term_note", sa.String(length=1000), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.drop_column("term_note")
        batch_op.drop_column("draw_method")
