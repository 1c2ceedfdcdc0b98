"""A page deep in the list of a country's inspections, beside the page that is reached by skipping what precedes it.

Ours goes on from a key; OFFSET reads everything before the page and throws it away. Measured apart: a page of one
authority, and how fast a large task is staffed, sent out and called off. `LIANGMA_BENCH_INSPECTIONS` says how many
there are.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from benchmarks.country import INSPECTIONS, MANAGER, SUPERVISOR, YEAR, Country, countries, row_of, task_of
from benchmarks.harness import Benchmark, Contender, Role, measured
from services.chassis import clock, telemetry
from services.chassis.bulk import insert_rows
from services.chassis.identity import Principal
from services.tasks.model.copies import Inspector
from services.tasks.model.inspection import InspectedObject, Inspection, InspectionState
from services.tasks.model.task import TaskState
from services.tasks.model.terms import TaskKind
from services.tasks.queries.inspection import InspectionFilter, list_inspections, matching
from services.tasks.tables import inspections, inspectors, participants, tasks
from services.tasks.use_cases.dispatch import dispatch_task
from services.tasks.use_cases.making import keep_inspections, new_inspection
from services.tasks.use_cases.staffing import assign_inspectors
from services.tasks.use_cases.task import cancel_task

PAGE = 50
LARGE = 20_000
AIM = 5_000  # inspections/s: a hundred thousand within the minute that the gateway waits, three times over
WANTED = InspectionFilter(state=InspectionState.PUBLISHED, year=YEAR)


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Both ways on each database; PostgreSQL first."""
    telemetry.set_up("WARNING", "benchmarks")
    notes: list[str] = []
    with countries(notes) as lands:
        depth = published(lands[0]) * 9 // 10
        contenders = [
            contender
            for land in lands
            for contender in (
                Contender(f"ours, {land.name}", from_key(land, depth), Role.OURS, same_answer=True),
                Contender(f"OFFSET, {land.name}", by_offset(land, depth), Role.PEER, same_answer=True),
            )
        ]
        yield Benchmark(
            "inspections",
            f"{PAGE} published inspections after the first {depth:,}, of {INSPECTIONS:,} in all",
            contenders,
            reference=by_offset(lands[0], depth),
            units=(PAGE, "inspections"),
            against=[each.name for each in contenders if each.role is Role.PEER and lands[0].name in each.name],
            target=10,
            notes=notes,
            afterwards=lambda: [line for land in lands for line in (*page_of_an_authority(land), *large_task(land))],
        )


def published(land: Country) -> int:
    """How many there are."""
    with land.working() as work:
        return work.count(Inspection, state=WANTED.state)


def from_key(land: Country, depth: int, by: Principal = SUPERVISOR) -> Callable[[], list[str]]:
    """As the service reads a page: on from the last of the page before."""
    with land.working() as work:
        order = (
            matching(WANTED, by).with_only_columns(inspections.c.inspection_id).order_by(inspections.c.inspection_id)
        )
        last: Any = work.session.scalars(order.offset(depth - 1).limit(1)).one()
    token = base64.urlsafe_b64encode(json.dumps([last]).encode()).decode().rstrip("=")

    def read() -> list[str]:
        with land.working() as work:
            page = list_inspections(work.session, WANTED, by, page_size=PAGE, page_token=token, order_by="")
            return [each.inspection_id for each in page.items]

    return read


def by_offset(land: Country, depth: int) -> Callable[[], list[str]]:
    """The same statement, skipping what precedes the page."""

    def read() -> list[str]:
        with land.working() as work:
            ordered = matching(WANTED, SUPERVISOR).order_by(inspections.c.inspection_id)
            page = work.session.scalars(ordered.offset(depth).limit(PAGE))
            return [each.inspection_id for each in page]

    return read


def page_of_an_authority(land: Country) -> list[str]:
    """How long a page of one authority takes, nine tenths down its list."""
    with land.working() as work:
        depth = work.session.scalar(select(func.count()).select_from(matching(WANTED, MANAGER).subquery())) or 0
    read = from_key(land, depth * 9 // 10, MANAGER)
    read()
    return [
        f"  {land.name}: a page of one authority, {depth * 9 // 10:,} down its list: {measured(read) * 1000:.1f} ms"
    ]


def large_task(land: Country) -> list[str]:
    """A large task staffed, sent out, called off, each in one transaction as by its RPC."""
    by, now, task_id = replace(MANAGER, region="500000"), clock.now(), "large"
    listed(land, task_id)

    def staff() -> None:
        with land.working(by) as work:
            assert assign_inspectors(work, task_id, (), ("large1", "large2"), by=by, now=now).assigned == LARGE

    def send_out() -> None:
        with land.working(by) as work:
            dispatch_task(work, task_id, etag="", by=by, now=now)

    def call_off() -> None:
        with land.working(by) as work:
            cancel_task(work, task_id, "试", etag="", by=by, now=now)

    lines = []
    for verb, do in (("staffed", staff), ("sent out", send_out), ("called off", call_off)):
        rate = LARGE / measured(do)
        verdict = "reached" if rate >= AIM else "MISSED"
        lines.append(f"  {land.name}: {LARGE:,} {verb}: {rate:,.0f} inspections/s; aim {AIM:,}: {verdict}")
    return lines


def listed(land: Country, task_id: str) -> None:
    """A task with its objects, and two inspectors."""
    task = task_of(task_id, MANAGER.authority)
    task.kind, task.state, task.objects_chosen = TaskKind.INSTANT, TaskState.PENDING_EXECUTION, True
    team = [
        Inspector(certificate=f"large{n}", version=1, authority_id=MANAGER.authority, valid_until=task.ends_on)
        for n in (1, 2)
    ]
    with land.working() as work:
        insert_rows(work.session, tasks, [row_of(tasks, task)])
        insert_rows(work.session, participants, [row_of(participants, each) for each in task.participants])
        insert_rows(work.session, inspectors, [row_of(inspectors, each) for each in team])
        for start in range(0, LARGE, 1000):
            objects = (
                InspectedObject(f"large{n}", "企业", "INSTITUTION", "500105") for n in range(start, start + 1000)
            )
            keep_inspections(work, [new_inspection(work, task, each, clock.now()) for each in objects], clock.now())
