"""Large tasks and long lists: what they cost does not grow with them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from liangma.tasks.v1 import events_pb2 as facts
from sqlalchemy import Connection, Table, event

from services.tasks.model.inspection import InspectedObject, Inspection
from services.tasks.model.task import Task
from services.tasks.tables import inspections, members, parts
from services.tasks.use_cases.making import keep_inspections, new_inspection
from tests.support.house import House
from tests.tasks import city

MANY = 2500
EACH = 500


@pytest.fixture
def held() -> Iterator[list[int]]:
    """How many inspections were in memory at once, whenever one was read."""
    living: weakref.WeakSet[Any] = weakref.WeakSet()
    counts: list[int] = []

    def note(inspection: Any, *_: object) -> None:
        living.add(inspection)
        counts.append(len(living))

    event.listen(Inspection, "load", note)
    yield counts
    event.remove(Inspection, "load", note)


def fill(house: House, task_id: str, count: int) -> None:
    """Put many objects on the list of a task."""
    with house.work("tasks", city.MANAGER) as work:
        task = work.get(Task, task_id)
        for start in range(0, count, EACH):
            objects = (InspectedObject(f"o{n}", "企业", "INSTITUTION", "500105") for n in range(start, start + EACH))
            keep_inspections(work, [new_inspection(work, task, object, house.now) for object in objects], house.now)
        task.objects_chosen = True


def test_a_large_task_is_staffed_and_goes_out_without_being_in_memory_at_once(house: House, held: list[int]) -> None:
    task = city.create(house)
    fill(house, task.task_id, MANY)
    city.approve_scheme(house, task.task_id)
    assert city.assign(house, task.task_id, "50000001", "50000002").assigned == MANY
    city.dispatch(house, task.task_id)
    assert max(held) <= 2 * EACH
    out = house.announced("tasks", facts.InspectionsDispatched)
    assert [len(fact.inspections) for fact in out] == [EACH] * (MANY // EACH)
    assert len({i.inspection_id for fact in out for i in fact.inspections}) == MANY
    assert house.call("tasks", "CountTaskObjects", {"task_id": task.task_id}, by=city.MANAGER).dispatched == MANY


def test_a_large_task_is_cancelled_without_being_in_memory_at_once(house: House, held: list[int]) -> None:
    task = city.create(house)
    fill(house, task.task_id, MANY)
    house.call("tasks", "CancelTask", {"task_id": task.task_id, "reason": "上级要求"}, by=city.MANAGER)
    assert max(held) <= 2 * EACH
    (fact,) = house.announced("tasks", facts.TaskCancelled)
    assert len(set(fact.inspection_ids)) == MANY


# which way a page is found


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[House]:
    """Thirty thousand inspections of three hundred authorities in thirty tasks, on PostgreSQL."""
    with House("tasks", database="postgresql", directory=tmp_path) as house:
        city.settle_city(house)
        tasks = [city.create(house).task_id for _ in range(30)]
        city.add(house, tasks[0], city.SHOP)
        city.assign(house, tasks[0], "50000001", "50000002")
        id, task = "lpad(n::text, 8, '0')", f"(ARRAY{tasks!r})[1 + mod(n, 30)]"
        authority = f"CASE mod(n, 300) WHEN 0 THEN '{city.JUSTICE}' ELSE 'a' || mod(n, 300) END"
        with house.runtimes["tasks"].database.engine.begin() as connection:
            multiply(connection, inspections, inspection_id=id, task_id=task, object_id="'o' || n")
            multiply(connection, parts, inspection_id=id, task_id=task, authority_id=authority)
            multiply(
                connection, members, inspection_id=id, authority_id=authority, certificate="certificate || mod(n, 99)"
            )
            connection.exec_driver_sql("ANALYZE")
        yield house


def multiply(connection: Connection, table: Table, **changes: str) -> None:
    """Copy the only inspection of a table thirty thousand times."""
    names = [column.name for column in table.columns]
    cells = ", ".join(changes.get(name, name) for name in names)
    source = f"FROM {table.name}, generate_series(1, 30000) n"
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {cells} {source}")


def plan_of(house: House, method: str, request: dict[str, Any]) -> tuple[str, int]:
    """How PostgreSQL finds the page that is asked for, and how many rows the page has."""
    asked: list[tuple[str, Any]] = []
    engine = house.runtimes["tasks"].database.engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = house.call("tasks", method, request, by=city.MANAGER)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    page, parameters = next((s, p) for s, p in asked if "FROM inspections" in s and "LIMIT" in s)
    with engine.connect() as connection:
        lines = connection.exec_driver_sql(f"EXPLAIN {page}", parameters).scalars()
        rows = getattr(answer, "inspections", None) or answer.objects
        return "\n".join(lines), len(rows)


OF_TASK, OF_AUTHORITY = "inspections_of_task_in_order", "parts_of_authority_in_order"
PENDING = {"state": "INSPECTION_STATE_PENDING"}


@pytest.mark.postgresql
def test_a_page_is_read_in_the_order_of_an_index_and_no_further(crowded: House) -> None:
    task = {
        "task_id": crowded.call("tasks", "ListTasks", {"order_by": "create_time"}, by=city.MANAGER).tasks[0].task_id
    }
    for method, filters, index in (
        ("ListInspections", task, OF_TASK),
        ("ListInspections", task | PENDING, OF_TASK),
        ("ListInspections", {}, OF_AUTHORITY),
        ("ListInspections", PENDING | {"year": 2025}, OF_AUTHORITY),
        ("ListTaskObjects", task, OF_TASK),
        ("ListTaskObjects", task | {"exclusion": "EXCLUSION_STATUS_INCLUDED"}, OF_TASK),
    ):
        plan, rows = plan_of(crowded, method, filters | {"page_size": 20})
        assert (rows, index in plan, "Seq Scan" in plan, "Sort" in plan) == (20, True, False, False), plan


@pytest.mark.postgresql
def test_what_a_filter_asks_beyond_an_index_is_sought_within_the_task_or_the_object(crowded: House) -> None:
    task = {
        "task_id": crowded.call("tasks", "ListTasks", {"order_by": "create_time"}, by=city.MANAGER).tasks[0].task_id
    }
    for method, filters, index, found in (
        ("ListInspections", {"object_id": "o300"}, "inspections_of_object", 1),
        ("ListTaskObjects", task | {"region": "500105", "page_size": 20}, "inspections_of_task", 20),
    ):
        plan, rows = plan_of(crowded, method, filters)
        assert (rows, index in plan, "Seq Scan" in plan) == (found, True, False), plan
