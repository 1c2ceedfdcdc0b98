"""the register of officials; forms taken off the list; lifted caps"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FLAGS = {
    "check_forms": "retired",
    "check_form_versions": "retired",
    "annual_caps": "lifted",
    "annual_cap_versions": "lifted",
}


def upgrade() -> None:
    op.create_table(
        "officials",
        sa.Column("official_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("authority_id", sa.String(length=64), nullable=False),
        *entered(),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *stamps(),
        sa.PrimaryKeyConstraint("official_id"),
    )
    with op.batch_alter_table("officials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officials_authority_id"), ["authority_id"], unique=False)
        registered = sa.text("NOT retired")
        batch_op.create_index(
            "one_post_each", ["subject"], unique=True, sqlite_where=registered, postgresql_where=registered
        )
    op.create_table(
        "official_versions",
        sa.Column("official_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        *entered(),
        *stamps(),
        sa.PrimaryKeyConstraint("official_id", "version"),
    )
    for table, flag in FLAGS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(flag, sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for table, flag in FLAGS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(flag)
    op.drop_table("official_versions")
    op.drop_table("officials")


def entered() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("roles", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("post", sa.String(length=100), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=False),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
    ]


def stamps() -> list[sa.Column[Any]]:
    return [
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_by", sa.String(length=128), nullable=False),
    ]
