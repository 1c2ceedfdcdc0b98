"""Migrations lead from nothing to exactly the tables the services use, on either database, and no further."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event

from services.chassis.database import Database
from services.chassis.migrations import compared, upgrade
from services.chassis.runtime import Service
from services.chassis.service import find
from services.chassis.settings import Settings
from tests.support.databases import databases, new_database

CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")


@pytest.fixture(params=["plans", "tasks", "sampling", "codes", "credit"])
def service(request: pytest.FixtureRequest) -> Service:
    return find(request.param)


@pytest.fixture(params=databases())
def database(request: pytest.FixtureRequest, service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    with new_database(request.param) as url:
        monkeypatch.setenv(f"LIANGMA_{service.name.upper()}_DATABASE_URL", url)
        made = Database(url)
        yield made
        made.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path)


def test_an_empty_database_is_brought_to_the_tables_of_the_service(
    service: Service, database: Database, settings: Settings
) -> None:
    upgrade(service, settings)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": compared(service.metadata)}
        )
        assert compare_metadata(context, service.metadata) == []


@pytest.mark.usefixtures("database")
def test_a_database_that_is_there_is_left_as_it_is(service: Service, settings: Settings) -> None:
    upgrade(service, settings)
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        done.append(statement.strip().upper())

    event.listen(Engine, "before_cursor_execute", note)
    upgrade(service, settings)
    event.remove(Engine, "before_cursor_execute", note)
    assert done
    assert [statement for statement in done if statement.startswith(CHANGES)] == []
