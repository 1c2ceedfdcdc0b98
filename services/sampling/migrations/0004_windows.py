"""one window at a time for each quarter, windows that go on without somebody, internal matches"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("joint_windows") as windows:
        windows.add_column(sa.Column("slot", sa.String(length=16), nullable=True))
        windows.add_column(sa.Column("closed_at", CLOSED_AT, nullable=True))
        windows.add_column(sa.Column("abandoned", JSON, nullable=False, server_default="[]"))
        windows.add_column(sa.Column("internal_match_count", sa.Integer(), nullable=False, server_default="0"))
    give_slots()
    with op.batch_alter_table("joint_windows") as windows:
        windows.create_unique_constraint("one_window_at_a_time", ["slot"])


JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CLOSED_AT = sa.DateTime(timezone=True)


def give_slots() -> None:
    """What waits to be revealed takes its quarter's slot; where two were opened at the same time, the first."""
    windows = sa.table(
        "joint_windows",
        *map(sa.column, ("window_id", "year", "quarter", "state", "slot", "created_at", "updated_at", "closed_at")),
    )
    connection, taken = op.get_bind(), set()
    waiting = sa.select(windows).where(windows.c.state != "REVEALED").order_by(windows.c.created_at)
    for window in connection.execute(waiting).mappings().all():
        slot = f"{window['year']}-{window['quarter']}"
        due = {} if slot in taken else {"slot": slot}
        if window["state"] == "CLOSED":
            due["closed_at"] = window["updated_at"]  # closing was the last change but for secrets shown since
        taken.add(slot)
        if due:
            connection.execute(windows.update().where(windows.c.window_id == window["window_id"]).values(**due))


def downgrade() -> None:
    with op.batch_alter_table("joint_windows") as windows:
        windows.drop_constraint("one_window_at_a_time", type_="unique")
        for name in ("slot", "closed_at", "abandoned", "internal_match_count"):
            windows.drop_column(name)
