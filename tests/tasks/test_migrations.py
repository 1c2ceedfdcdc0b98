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


@pytest.mark.parametrize("kind", databases())
def test_the_types_of_the_objects_of_earlier_tasks_are_noted(kind: str) -> None:
    service = find("tasks")
    with new_database(kind) as url:
        database = Database(url)
        with database.engine.begin() as connection:
            command.upgrade(config(service, connection), "0003")
            before = MetaData()
            before.reflect(connection)
            fill(connection, before.tables["tasks"], task_id="t")
            fill(connection, before.tables["tasks"], task_id="empty")
            for n, type in enumerate(["PERSON", "INSTITUTION", "PERSON", ""]):
                given = {"inspection_id": str(n), "task_id": "t", "object": {"object_id": str(n), "type": type}}
                fill(connection, before.tables["inspections"], **given)
            command.upgrade(config(service, connection), "head")
            after = Table("tasks", MetaData(), autoload_with=connection)
            rows = connection.execute(select(after.c.task_id, after.c.object_types, after.c.extension_waits))
            assert {row.task_id: tuple(row)[1:] for row in rows} == {
                "t": ("|INSTITUTION|PERSON|", False),
                "empty": ("", False),
            }
        database.dispose()


@pytest.mark.parametrize("kind", databases())
def test_what_hangs_on_a_task_is_there_after_a_migration(kind: str) -> None:
    service = find("tasks")
    with new_database(kind) as url:
        database = Database(url)
        with database.engine.begin() as connection:
            command.upgrade(config(service, connection), "0002")
            before = MetaData()
            before.reflect(connection)
            for name in ("tasks", "inspections", "inspection_parts", "members"):
                columns = before.tables[name].columns.keys()
                known = {"task_id": "t", "inspection_id": "i", "authority_id": "a"}
                fill(connection, before.tables[name], **{name: id for name, id in known.items() if name in columns})
            command.upgrade(config(service, connection), "head")
            for name in ("tasks", "inspections", "inspection_parts", "members"):
                table = Table(name, MetaData(), autoload_with=connection)
                assert len(connection.execute(select(table)).all()) == 1, name
        database.dispose()


@pytest.mark.parametrize("kind", databases())
def test_numbers_go_on_by_short_name_after_the_greatest_one_given(kind: str) -> None:
    service = find("tasks")
    with new_database(kind) as url:
        database = Database(url)
        with database.engine.begin() as connection:
            command.upgrade(config(service, connection), "0005")
            before = MetaData()
            before.reflect(connection)
            given = (
                "渝司专查〔2025〕2号",
                "渝司专查〔2025〕11号",
                "渝司专查〔2024〕3号",
                "渝司测试〔2025〕1号",
                "旧号",
            )
            for number in given:
                fill(connection, before.tables["tasks"], task_id=number, number=number)
            fill(connection, before.tables["authorities"], authority_id="a", short_name="渝司")
            counted = {"task/FORMAL/a/2025": 9, "task/TEST/a/2025": 7, "task/FORMAL/gone/2025": 5, "else/a/2025": 4}
            for series, last in counted.items():
                fill(connection, before.tables["numbers"], series=series, last=last)
            command.upgrade(config(service, connection), "head")
            numbers = Table("numbers", MetaData(), autoload_with=connection)
            rows = {row.series: row.last for row in connection.execute(select(numbers))}
            assert rows == counted | {
                "task/FORMAL/渝司/2025": 11,
                "task/FORMAL/渝司/2024": 3,
                "task/TEST/渝司/2025": 7,
            }
        database.dispose()
