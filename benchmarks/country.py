"""A tasks database as a country fills it, for the benchmarks of what is read from many inspections."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, text

from benchmarks.harness import Skipped
from benchmarks.relay import schema
from services.chassis import clock
from services.chassis.bulk import insert_rows
from services.chassis.database import Database
from services.chassis.identity import Principal
from services.chassis.unit_of_work import UnitOfWork, unit_of_work
from services.chassis.work import Work
from services.tasks import recounting
from services.tasks.__main__ import SERVICE
from services.tasks.model.content import TaskMatter
from services.tasks.model.copies import Authority
from services.tasks.model.draft import Selection, Staffing, TaskOrigin, TaskType
from services.tasks.model.effectiveness import Evaluation
from services.tasks.model.inspection import InspectedObject
from services.tasks.model.part import Member
from services.tasks.model.participant import Participant
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import Method, TaskKind, TaskNature
from services.tasks.tables import authorities, evaluations, inspections, members, parts, tasks
from services.tasks.use_cases.making import new_inspection

INSPECTIONS = int(os.environ.get("LIANGMA_BENCH_INSPECTIONS", "200000"))
SEED = "a000"
KEYS = ("evaluation_id", "inspection_id", "authority_id")
AUTHORITIES, IN_A_TASK, DAYS, DOMAINS = 300, 1000, 365, 8
YEAR = 2025
FIRST, LAST = date(YEAR, 1, 1), date(YEAR, 12, 31)
SUPERVISOR = Principal("bench", roles=frozenset({"supervisor"}))
MANAGER = Principal("bench", roles=frozenset({"task_manager"}), authority="a007")


@dataclass(frozen=True)
class Country:
    """One year of inspections in a database, seven of ten published, every fourth of those judged."""

    name: str
    database: Database

    @contextmanager
    def working(self, by: Principal = SUPERVISOR) -> Iterator[UnitOfWork]:
        """A unit of work on it."""
        encode, now = SERVICE.encode_event, clock.now()
        with unit_of_work(self.database, SERVICE.metadata, encode, subject=by.subject, now=now) as work:
            yield work


@contextmanager
def countries(notes: list[str]) -> Iterator[list[Country]]:
    """On PostgreSQL, where it answers, and on SQLite; a note says what is left out."""
    SERVICE.map_model()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liangma-bench-")))
        urls = {"SQLite": f"sqlite:///{directory / 'tasks.db'}"}
        try:
            urls = {"PostgreSQL": stack.enter_context(schema("tasks"))} | urls
        except Skipped as why:
            notes.append(f"PostgreSQL is left out: {why}")
        yield [stack.enter_context(country(name, url)) for name, url in urls.items()]


@contextmanager
def country(name: str, url: str) -> Iterator[Country]:
    """A database with its tables, filled."""
    database = Database(url)
    SERVICE.metadata.create_all(database.engine)
    land = Country(name, database)
    fill(land)
    yield land
    database.dispose()


def fill(land: Country) -> None:
    """One of each is made as the service makes it, and multiplied by the database; then the figures are counted."""
    with land.working() as work:
        for table, thing in seeds(work):
            insert_rows(work.session, table, [row_of(table, thing)])
        for table, count, changes in kinds(land.database):
            multiply(work.session.connection(), table, count, changes)
    with land.working() as work:
        work.session.execute(text("ANALYZE"))
        recounting.rebuild(work.session, dry_run=False)
    with land.working() as work:
        work.session.execute(text("ANALYZE daily_counts"))


def kinds(database: Database) -> list[tuple[Table, int, dict[str, str]]]:
    """Of each table: how many rows, and by what they differ from the first; `n` counts them."""
    padded = "printf('%0{1}d', {0})" if database.is_sqlite else "lpad(({0})::text, {1}, '0')"
    day = f"date('{FIRST}', '+' || ({{0}}) || ' days')" if database.is_sqlite else f"(DATE '{FIRST}' + ({{0}})::int)"

    def inspection(n: str) -> dict[str, str]:
        task = f"(({n}) / {IN_A_TASK})"
        return {
            "inspection_id": "'i' || " + padded.format(n, 9),
            "task_id": "'t' || " + padded.format(task, 6),
            "authority_id": "'a' || " + padded.format(f"{task} % {AUTHORITIES}", 3),
        }

    def state(published: str, otherwise: str) -> str:
        return f"CASE WHEN n % 10 < 7 THEN {published} ELSE {otherwise} END"

    each, judged = inspection("n"), inspection("n * 40")
    about = {"object_id": "'o' || n", "object_name": "'企业' || n", "mutually_verified": "n % 3 > 0"}
    result = {
        "inspected_on": state(day.format(f"(n * 7) % {DAYS}"), "NULL"),
        "finding": state("CASE n % 10 WHEN 1 THEN 'PROBLEM_CORRECTED' ELSE 'NO_PROBLEM' END", "NULL"),
        "domain": f"'领域' || ((n / {IN_A_TASK}) % {DOMAINS})",
    }
    named = {"authority_id": "'a' || " + padded.format("n", 3), "name": "'机构' || n"}
    member = {name: each[name] for name in ("inspection_id", "authority_id")}
    return [
        (authorities, AUTHORITIES - 1, named),
        (tasks, INSPECTIONS // IN_A_TASK + 1, {"task_id": "'t' || " + padded.format("n - 1", 6)}),
        (inspections, INSPECTIONS, each | about | {"state": state("'PUBLISHED'", "'PENDING'")}),
        (parts, INSPECTIONS, each | result | {"state": state("'PUBLISHED'", "'OPEN'")}),
        *((members, INSPECTIONS, member | {"certificate": f"'{first}' || (n % 1000)"}) for first in ("1", "2")),
        (evaluations, INSPECTIONS // 40, judged | {"evaluation_id": "'e' || n", "score": "1 + n % 5"}),
    ]


def multiply(connection: Connection, table: Table, count: int, changes: Mapping[str, str]) -> None:
    """Copy the first row of a table so many times."""
    series = f"SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}"
    quoted = connection.dialect.identifier_preparer
    names = [quoted.format_column(column) for column in table.columns]
    pairs = zip(table.columns, names, strict=True)
    cells = [changes.get(column.name, f"{table.name}.{name}") for column, name in pairs]
    first = f"{table.name}.{next(iter(table.primary_key)).name} = '{SEED}'"
    insert = f"INSERT INTO {table.name} ({', '.join(names)})"
    select = f"SELECT {', '.join(cells)} FROM numbers, {table.name} WHERE {first}"
    connection.execute(text(f"WITH RECURSIVE numbers(n) AS ({series}) {insert} {select}"))


def seeds(work: Work) -> list[tuple[Table, object]]:
    """The first row of each table, as the service makes it."""
    task = task_of(SEED, SEED)
    object = InspectedObject(SEED, "企业零", "INSTITUTION", "500105", "某路 1 号", "F5241", ("餐饮",))
    inspection = new_inspection(work, task, object, clock.now(), "bench")
    (part,) = inspection.parts
    inspection.version, inspection.dispatched_at, inspection.staffed = 1, clock.now(), True
    inspection.inspection_id = part.inspection_id = SEED
    first = Authority(authority_id=SEED, version=1, name="机构零", short_name="零", region="500000", listed_from=FIRST)
    return [
        (authorities, first),
        (tasks, task),
        (inspections, inspection),
        (parts, part),
        (members, Member(inspection_id=SEED, authority_id=SEED, certificate=SEED, name="检查员", valid_until=LAST)),
        (evaluations, Evaluation(**dict.fromkeys(KEYS, SEED), score=5, received_at=clock.now())),
    ]


def task_of(task_id: str, authority_id: str) -> Task:
    """A task in execution on site."""
    task = Task(
        task_id=task_id,
        number=f"渝司专查〔{YEAR}〕1号",
        name="年度抽查",
        year=YEAR,
        kind=TaskKind.DAILY,
        nature=TaskNature.FORMAL,
        origin=TaskOrigin.PLAN,
        type=TaskType.OWN_AGENCY,
        authority_id=authority_id,
        authority_name="机构",
        region="500000",
        starts_on=FIRST,
        ends_on=LAST,
        method=Method.ON_SITE,
        selection=Selection.MANUAL,
        staffing=Staffing.ASSIGNED,
        state=TaskState.EXECUTING,
        version=1,
    )
    matter = TaskMatter(matter_id="330631004000", version=1, name="对文物经营资质的行政检查", domain="司法")
    lead = Participant(
        task_id=task_id, authority_id=authority_id, authority_name="机构", position=0, lead=True, matters=(matter,)
    )
    task.participants = [lead]
    return task


def row_of(table: Table, thing: Any) -> dict[str, object]:
    """A thing as a row."""
    return {field.name: getattr(thing, field.name) for field in fields(thing) if field.name in table.c}
