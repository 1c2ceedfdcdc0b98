"""directories at national size: more of an object, indexes for every search, and what a snapshot of it needs"""

import sqlalchemy as sa
from alembic import op

from services.sampling import ddl

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ORDERS = {
    "objects_by_region_and_id": ["region", "object_id"],
    "objects_by_name": ["name", "object_id", "alias"],
    "objects_by_update": ["updated_at", "object_id"],
}


def upgrade() -> None:
    for table in ("objects", "object_revisions"):
        op.add_column(table, sa.Column("alias", sa.String(length=200), nullable=False, server_default=""))
        op.add_column(
            table, sa.Column("legal_representative", sa.String(length=100), nullable=False, server_default="")
        )
        op.add_column(table, sa.Column("area", sa.String(length=100), nullable=False, server_default=""))
    for table in ("inspectors", "inspector_revisions"):
        op.add_column(table, sa.Column("earlier_employers", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "certificate_notices",
        sa.Column("certificate", sa.String(length=64), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("expired", sa.Boolean(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("certificate", "valid_until", "expired"),
    )
    op.create_table(
        "directory_changes",
        sa.Column(
            "change_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("change_id"),
    )
    op.create_table(
        "directory_snapshots",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("object_count", sa.BigInteger(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("inspectors_by_validity", "inspectors", ["valid_until", "certificate"])
    op.create_index("ratings_by_public", "ratings", ["public_rating", "object_id"])
    for name, columns in ORDERS.items():
        op.create_index(name, "objects", columns)
    has_area = sa.text("area != ''")
    op.create_index(
        "objects_by_area", "objects", ["area", "object_id"], sqlite_where=has_area, postgresql_where=has_area
    )
    op.drop_index("objects_by_region", "objects")  # by region and id serves as well
    for statement in ddl.statements(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    undo_by_hand(op.get_bind().dialect.name)
    for name in (*ORDERS, "objects_by_area"):
        op.drop_index(name, "objects")
    op.create_index("objects_by_region", "objects", ["region", "type"])
    op.drop_index("ratings_by_public", "ratings")
    op.drop_index("inspectors_by_validity", "inspectors")
    for table in ("directory_snapshots", "directory_changes", "certificate_notices"):
        op.drop_table(table)
    for table in ("inspectors", "inspector_revisions"):
        op.drop_column(table, "earlier_employers")
    for table in ("objects", "object_revisions"):
        for column in ("area", "legal_representative", "alias"):
            op.drop_column(table, column)


def undo_by_hand(dialect: str) -> None:
    on_postgresql = dialect == "postgresql"
    for table in ("objects", "ratings"):
        for verb in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER {table}_{verb}" + (f" ON {table}" if on_postgresql else ""))
    for name in ddl.INDEXES[dialect]:
        op.execute(f"DROP INDEX {name}")
    functions = ("note_changed_objects", "note_changed_ratings", "name_grams", "narrowed")
    for name in functions if on_postgresql else ():
        op.execute(f"DROP FUNCTION {name}")
