"""What is there already survives a migration, and is told what it could not know."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Boolean, Column, Connection, Date, Integer, MetaData, Table, select

from services.chassis.database import Database
from services.chassis.migrations import config
from services.chassis.service import find
from tests.support.databases import databases, new_database


def fill(connection: Connection, table: Table, **given: Any) -> None:
    """Write a row of an earlier schema; what is not given is as empty as may be."""
    row = {column.name: _empty(column) for column in table.columns if not column.nullable}
    connection.execute(table.insert().values(row | given))


def _empty(column: Column[Any]) -> Any:
    kinds: tuple[tuple[type, Any], ...] = ((Boolean, False), (Integer, 0), (Date, date(2025, 6, 1)))
    return next((value for kind, value in kinds if isinstance(column.type, kind)), "")


@pytest.mark.parametrize("kind", databases())
def test_the_objects_of_earlier_tasks_are_counted(kind: str) -> None:
    service = find("tasks")
    with new_database(kind) as url:
        database = Database(url)
        with database.engine.begin() as connection:
            command.upgrade(config(service, connection), "0001")
            before = MetaData()
            before.reflect(connection)
            fill(connection, before.tables["tasks"], task_id="t")
            fill(connection, before.tables["tasks"], task_id="empty")
            for n, state in enumerate(["PENDING", "PUBLISHED", "CANCELLED", "REPLACED", "PENDING"]):
                flags = {"staffed": n != 1, "excluded": n == 4}
                fill(connection, before.tables["inspections"], inspection_id=str(n), task_id="t", state=state, **flags)
            command.upgrade(config(service, connection), "head")
            after = Table("tasks", MetaData(), autoload_with=connection)
            rows = connection.execute(select(after.c.task_id, after.c.object_count, after.c.staffed_count))
            assert {row.task_id: tuple(row)[1:] for row in rows} == {"t": (2, 1), "empty": (0, 0)}
        database.dispose()
