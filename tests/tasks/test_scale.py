"""Large tasks and long lists: what they cost does not grow with them."""

from __future__ import annotations

import base64
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import grpc
import pytest
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import tasks_pb2 as pb
from liangma.tasks.v1 import tasks_pb2_grpc
from sqlalchemy import Connection, Table, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import ORMExecuteState, Session

from services.chassis import outbox
from services.chassis.identity import Principal
from services.tasks.model.inspection import (
    BEFORE_VISIT,
    CANCELLABLE,
    WAITING,
    InspectedObject,
    Inspection,
    InspectionState,
)
from services.tasks.model.part import Part, PartState
from services.tasks.model.record import Disposal, Finding, Record
from services.tasks.model.task import Task
from services.tasks.model.terms import Method, TaskKind, TaskNature
from services.tasks.tables import inspections, members, parts
from services.tasks.use_cases import dispatch
from services.tasks.use_cases.making import keep_inspections, new_inspection
from tests.support.house import MONDAY, House
from tests.tasks import city

MANY = 2500
EACH = 500


@dataclass
class Load:
    """The most that was in hand at once: rows one statement brought, inspections that lived, facts not written out."""

    rows: int = 0
    inspections: int = 0
    facts: int = 0

    def is_light(self) -> bool:
        """Whether it is what a few batches bring: of teams there are two rows for each inspection."""
        return self.rows <= 4 * EACH and self.inspections <= 2 * EACH and self.facts <= 4


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """What the work weighs."""
    found, living = Load(), weakref.WeakSet[Any]()

    def note_inspection(inspection: Any, *_: object) -> None:
        living.add(inspection)
        found.inspections = max(found.inspections, len(living))

    def note_rows(asked: ORMExecuteState) -> Any:
        try:
            frozen = asked.invoke_statement().freeze()
        except InvalidRequestError:  # what is loaded by a join comes several times
            frozen = asked.invoke_statement().unique().freeze()
        found.rows = max(found.rows, len(frozen.data))
        return frozen()

    def note_facts(session: Session, table: Table, drafts: list[outbox.Draft]) -> None:
        found.facts = max(found.facts, len(drafts))
        append_all(session, table, drafts)

    append_all = outbox.append_all
    monkeypatch.setattr(outbox, "append_all", note_facts)
    event.listen(Inspection, "load", note_inspection)
    event.listen(Session, "do_orm_execute", note_rows)
    yield found
    event.remove(Inspection, "load", note_inspection)
    event.remove(Session, "do_orm_execute", note_rows)


def fill(house: House, task_id: str, count: int) -> None:
    """Put many objects on the list of a task."""
    with house.work("tasks", city.MANAGER) as work:
        task = work.get(Task, task_id)
        for start in range(0, count, EACH):
            objects = (InspectedObject(f"o{n}", "企业", "INSTITUTION", "500105") for n in range(start, start + EACH))
            keep_inspections(work, [new_inspection(work, task, object, house.now) for object in objects], house.now)
        task.objects_chosen = True


@pytest.fixture
def large(house: House) -> str:
    """A task with many objects, not staffed yet."""
    task_id: str = city.create(house).task_id
    fill(house, task_id, MANY)
    city.approve_scheme(house, task_id)
    return task_id


def test_a_large_task_is_staffed_and_goes_out_without_being_in_memory_at_once(
    house: House, large: str, load: Load
) -> None:
    assert city.assign(house, large, "50000001", "50000002").assigned == MANY
    city.dispatch(house, large)
    assert load.is_light(), load
    out = house.announced("tasks", facts.InspectionsDispatched)
    assert [len(fact.inspections) for fact in out] == [EACH] * (MANY // EACH)
    assert len({i.inspection_id for fact in out for i in fact.inspections}) == MANY
    assert {tuple(i.parts[0].certificates) for fact in out for i in fact.inspections} == {("50000001", "50000002")}
    assert house.call("tasks", "CountTaskObjects", {"task_id": large}, by=city.MANAGER).dispatched == MANY


def test_a_large_task_is_cancelled_without_being_in_memory_at_once(house: House, large: str, load: Load) -> None:
    house.call("tasks", "CancelTask", {"task_id": large, "reason": "上级要求"}, by=city.MANAGER)
    assert load.is_light(), load
    told = house.announced("tasks", facts.TaskCancelled)
    assert [len(fact.inspection_ids) for fact in told] == [EACH] * (MANY // EACH)
    assert len({id for fact in told for id in fact.inspection_ids}) == MANY
    assert {(fact.task_id, fact.reason) for fact in told} == {(large, "上级要求")}
    assert house.call("tasks", "CountTaskObjects", {"task_id": large}, by=city.MANAGER).total == 0


def test_objects_of_a_large_task_are_excluded_without_being_in_memory_at_once(
    house: House, large: str, load: Load
) -> None:
    other = city.create(house).task_id
    fill(house, other, EACH)
    rules = {"record": {"min_count": 1}, "object_ids": [f"o{n}" for n in range(EACH - 1, EACH + 3)]}
    done = house.call("tasks", "ExcludeObjects", {"task_id": large, **rules}, by=city.MANAGER)
    assert (done.by_record, done.by_list, done.counts.remaining) == (EACH, 3, MANY - EACH - 3)
    assert load.is_light(), load
    (row,) = city.inspections(house, large, object_id="o0")
    assert (row.excluded, row.history[-1].action, row.etag) == (True, "EXCLUDED", "2")
    changes = house.call("tasks", "ListInspectionChanges", {"task_id": large, "page_size": 1000}, by=city.MANAGER)
    assert len(changes.changes) == EACH + 3


def test_a_large_test_task_is_purged_without_being_in_memory_at_once(house: House, load: Load) -> None:
    task = city.create(house, nature="TASK_NATURE_TEST", test_term="TEST_TERM_HOURS_24")
    fill(house, task.task_id, MANY)
    house.pass_time(hours=24)
    house.fire("tasks", "purge_test_tasks")
    assert load.is_light(), load
    told = house.announced("tasks", facts.TaskPurged)
    assert [len(fact.inspection_ids) for fact in told] == [EACH] * (MANY // EACH)
    assert len({id for fact in told for id in fact.inspection_ids}) == MANY


def test_a_repeat_after_the_caller_gave_up_waiting_gets_the_first_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    city.assign(house, task.task_id, "50000001", "50000002")
    city.approve_scheme(house, task.task_id)
    began, given_up = threading.Event(), threading.Event()

    def at_leisure(*arguments: Any, **named: Any) -> Task:
        began.set()
        assert given_up.wait(30)
        return dispatch_task(*arguments, **named)

    dispatch_task = dispatch.dispatch_task
    monkeypatch.setattr(dispatch, "dispatch_task", at_leisure)
    request = pb.DispatchTaskRequest(task_id=task.task_id, request_id="once")
    token = (("authorization", f"Bearer {house.issuer.token(city.MANAGER)}"),)
    with grpc.insecure_channel(house.address) as channel:
        waiting = tasks_pb2_grpc.TasksServiceStub(channel).DispatchTask.future(request, metadata=token)
        assert began.wait(30)
        waiting.cancel()
    given_up.set()
    answer = house.call("tasks", "DispatchTask", request, by=city.MANAGER)
    assert answer.state == pb.TASK_STATE_EXECUTING
    assert house.call("tasks", "DispatchTask", request, by=city.MANAGER) == answer
    assert len(house.announced("tasks", facts.InspectionsDispatched)) == 1
    assert [entry.action for entry in answer.history].count("DISPATCHED") == 1


BEGUN = {InspectionState.CODED, InspectionState.INTERCEPTED, InspectionState.VERIFIED, InspectionState.EXCEPTED}


RECORD = Record((), Finding.NO_PROBLEM, "", Disposal(), MONDAY.date(), (), "50000001", "first", MONDAY)


def single(state: InspectionState, on_site: bool, out: bool, recorded: bool) -> Inspection:
    """An inspection in this state, with a part that is recorded or not."""
    part = Part(
        inspection_id="i",
        authority_id="a",
        task_id="t",
        authority_name="",
        position=0,
        lead=True,
        matter_ids=(),
        state=PartState.RECORDED if recorded else PartState.OPEN,
        record=Record((), Finding.NO_PROBLEM, "", Disposal(), MONDAY.date(), (), "c", "s", MONDAY)
        if recorded
        else None,
    )
    return Inspection(
        inspection_id="i",
        task_id="t",
        task_number="",
        task_name="",
        year=2025,
        kind=TaskKind.DAILY,
        nature=TaskNature.FORMAL,
        method=Method.ON_SITE if on_site else Method.DOCUMENTARY,
        authority_id="a",
        starts_on=MONDAY.date(),
        ends_on=MONDAY.date(),
        object_id="o",
        object_name="",
        object=InspectedObject("o"),
        state=state,
        parts=[part],
        dispatched_at=MONDAY if out else None,
    )


def comes_to_be(state: InspectionState, on_site: bool, out: bool, recorded: bool) -> bool:
    """Whether an inspection is ever like this."""
    no_record_yet = not out or (on_site and state in BEFORE_VISIT)
    return ((out and on_site) or state not in BEGUN) and not (recorded and no_record_yet)


BOTH = (True, False)
ALL = [each for each in product(InspectionState, BOTH, BOTH, BOTH) if comes_to_be(*each)]


@pytest.mark.parametrize(("state", "on_site", "out", "recorded"), ALL)
def test_what_is_done_to_many_at_once_is_what_may_be_done_to_one(
    state: InspectionState, on_site: bool, out: bool, recorded: bool
) -> None:
    one = single(state, on_site, out, recorded)
    assert ("cancel" in one.possible()) == (state in CANCELLABLE and not recorded)
    waits = {name: getattr(one, name) for name in WAITING} == dict(WAITING)
    for verb in ("dispatch", "assign_inspectors", "exclude"):
        assert (verb in one.possible()) == waits


# which way a page is found


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Thirty thousand inspections of three hundred authorities in thirty tasks, on PostgreSQL."""
    with House("tasks", database="postgresql", directory=tmp_path_factory.mktemp("crowded")) as house:
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


def plan_of(house: House, method: str, request: dict[str, Any], by: Principal = city.MANAGER) -> tuple[str, int]:
    """How PostgreSQL finds the page that is asked for, and how many rows the page has."""
    asked: list[tuple[str, Any]] = []
    engine = house.runtimes["tasks"].database.engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = house.call("tasks", method, request, by=by)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    page, parameters = next((s, p) for s, p in asked if "FROM inspections" in s and "LIMIT" in s)
    with engine.connect() as connection:
        lines = connection.exec_driver_sql(f"EXPLAIN {page}", parameters).scalars()
        rows = getattr(answer, "inspections", None) or answer.objects
        return "\n".join(lines), len(rows)


def test_a_page_reads_no_whole_table_on_sqlite(tmp_path: Path) -> None:
    with House("tasks", database="sqlite", directory=tmp_path) as house:
        city.settle_city(house)
        task, _ = city.dispatched(house, city.SHOP, city.CAFE)
        asked: list[tuple[str, Any]] = []
        engine = house.runtimes["tasks"].database.engine
        event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
        for filters in ({}, {"state": "INSPECTION_STATE_PENDING"}, {"task_id": task.task_id}, {"object_id": city.SHOP}):
            assert house.call("tasks", "ListInspections", filters, by=city.MANAGER).inspections
        with engine.connect() as connection:
            plans = [
                step.detail
                for statement, parameters in [*asked]
                if statement.startswith("SELECT") and "inspection_" in statement
                for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
    assert any("members" in step for step in plans)
    assert [step for step in plans if step.startswith(("SCAN inspection", "SCAN members"))] == []


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
def test_a_page_of_the_whole_country_goes_on_from_its_key_however_rare_its_state(crowded: House) -> None:
    with crowded.work("tasks") as work:
        ids = [f"{n:08}" for n in range(50, 30_000, 600)]
        work.change(Inspection, {"state": InspectionState.RETURNED}, inspection_id=ids)
        work.session.connection().exec_driver_sql("ANALYZE inspections")
    after = {"page_size": 20, "page_token": base64.urlsafe_b64encode(b'["00015000"]').decode()}
    for filters, index in (
        ({}, "inspections_pkey"),
        (PENDING, "inspections_pkey"),
        ({"year": 2025}, "inspections_pkey"),
        ({"state": "INSPECTION_STATE_RETURNED"}, "inspections_in_state"),
    ):
        plan, rows = plan_of(crowded, "ListInspections", filters | after, city.SUPERVISOR)
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
