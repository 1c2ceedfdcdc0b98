"""versions of authorities, of trades on the joint list and of caps; what stands becomes the first that is kept"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEPT = {
    "authorities": (
        "authority_versions",
        "authority_id version name short_name region level parent_id domains listed_from listed_until",
    ),
    "joint_lists": ("joint_list_versions", "joint_list_id version trade lead_id members retired"),
    "annual_caps": ("annual_cap_versions", "annual_cap_id version visits"),
}


def upgrade() -> None:
    op.create_table(
        "authority_versions",
        sa.Column("authority_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("short_name", sa.String(length=20), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=False),
        sa.Column("domains", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("listed_from", sa.Date(), nullable=True),
        sa.Column("listed_until", sa.Date(), nullable=True),
        *stamps(),
        sa.PrimaryKeyConstraint("authority_id", "version"),
    )
    op.create_table(
        "joint_list_versions",
        sa.Column("joint_list_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trade", sa.String(length=100), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False),
        sa.Column("members", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        *stamps(),
        sa.PrimaryKeyConstraint("joint_list_id", "version"),
    )
    op.create_table(
        "annual_cap_versions",
        sa.Column("annual_cap_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        *stamps(),
        sa.PrimaryKeyConstraint("annual_cap_id", "version"),
    )
    for source, (target, columns) in KEPT.items():
        keep_what_stands(source, target, columns.split())


def downgrade() -> None:
    for target, _ in KEPT.values():
        op.drop_table(target)


def keep_what_stands(source: str, target: str, columns: list[str]) -> None:
    stamped = [*columns, "created_at", "created_by", "updated_at", "updated_by"]
    standing = sa.table(source, *map(sa.column, stamped))
    kept = [standing.c[name] for name in columns]
    made = [standing.c.updated_at, standing.c.updated_by]
    into = sa.table(target, *map(sa.column, stamped))
    op.execute(sa.insert(into).from_select(stamped, sa.select(*kept, *made, *made)))


def stamps() -> list[sa.Column[Any]]:
    return [
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_by", sa.String(length=128), nullable=False),
    ]
