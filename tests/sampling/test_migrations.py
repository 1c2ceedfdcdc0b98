"""What is there already survives a migration, and is told what it could not know."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from alembic import command
from sqlalchemy import MetaData, Table, select

from services.chassis.database import Database
from services.chassis.migrations import config
from services.chassis.service import find
from tests.support.databases import databases, new_database


@pytest.mark.parametrize("kind", databases())
def test_of_windows_that_wait_in_one_quarter_the_first_takes_its_place(kind: str) -> None:
    service = find("sampling")
    with new_database(kind) as url:
        database = Database(url)
        with database.engine.begin() as connection:
            command.upgrade(config(service, connection), "0001")
            before = MetaData()
            before.reflect(connection)
            windows = before.tables["joint_windows"]
            empty = {column.name: "" for column in windows.columns if not column.nullable}
            known = {"year": 2025, "quarter": 3, "opens_on": date(2025, 7, 1), "closes_on": date(2025, 7, 7)}
            numbers = dict.fromkeys(["match_count", "authority_count", "visits_apart", "visits_together", "version"], 0)
            fixed = empty | known | numbers | {"provisional": False, "contributions": [], "draws": []}
            for day, (window_id, state) in enumerate([("old", "REVEALED"), ("second", "OPEN"), ("third", "CLOSED")], 1):
                at = {"created_at": datetime(2025, 7, day, tzinfo=UTC), "updated_at": datetime(2025, 7, 9, tzinfo=UTC)}
                connection.execute(windows.insert().values(fixed | at | {"window_id": window_id, "state": state}))
            command.upgrade(config(service, connection), "head")
            after = Table("joint_windows", MetaData(), autoload_with=connection)
            rows = connection.execute(select(after.c.window_id, after.c.slot, after.c.closed_at)).all()
            assert {row.window_id: (row.slot, row.closed_at is not None) for row in rows} == {
                "old": (None, False),
                "second": ("2025-3", False),
                "third": (None, True),
            }
        database.dispose()
