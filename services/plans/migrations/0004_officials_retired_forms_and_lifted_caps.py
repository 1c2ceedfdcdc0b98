"""the register of officials; forms taken off the list; lifted caps; plans counted by short name"""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = re.compile(r"(.+)专查计划〔([0-9]{4})〕([0-9]+)号")
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
            batch_op.add_column(sa.Column(flag, sa.Boolean(), nullable=False, server_default="0"))
    count_by_short_name()


def count_by_short_name() -> None:
    """What is counted by authority goes on by the short name its numbers carry: each after the greatest one given."""
    plans = sa.table("plans", sa.column("number"))
    numbers = sa.table("numbers", sa.column("series", sa.String), sa.column("last", sa.BigInteger))
    last: dict[str, int] = {}
    for number in op.get_bind().execute(sa.select(plans.c.number)).scalars():
        if found := NUMBER.fullmatch(number):
            series = f"plan/{found[1]}/{found[2]}"
            last[series] = max(last.get(series, 0), int(found[3]))
    for series in last:
        op.execute(sa.delete(numbers).where(numbers.c.series == series))
    op.bulk_insert(numbers, [{"series": series, "last": count} for series, count in last.items()])


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
