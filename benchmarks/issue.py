"""Codes for a dispatched batch: caps counted, signed, stored and announced, on both databases.

The peer does for each visit what one would write first: read the count, compare, add one, sign, store, commit; with
the same signature and tables, and without the warnings, history and announcement that ours makes. The limit is the
signatures alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from itertools import count, islice
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from liangma.tasks.v1 import events_pb2 as tasks

from benchmarks.harness import Benchmark, Contender, Role, Skipped
from benchmarks.relay import schema
from services.chassis import telemetry
from services.chassis.identity import NOBODY
from services.chassis.runtime import Runtime
from services.chassis.settings import Settings, load
from services.codes import signing
from services.codes.__main__ import SERVICE
from services.codes.cose import Ed25519Signer
from services.codes.model.content import Content
from services.codes.model.directory import KnownAuthority, KnownInspector, KnownObject
from services.codes.office import office
from services.codes.tables import codes, visit_counts
from services.codes.use_cases.issue import issue_codes
from services.codes.wire import facts

BATCH, BATCHES = 500, 4
VISITS = BATCH * BATCHES
AIM = 5_000  # codes/s
ROUNDS = 5
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
AUTHORITY, TEAM = "11500000009275787B", ("50010012345", "50010012346")
SIGNER = Ed25519Signer(b"\x01" * 32)


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Fresh databases that know everybody; every turn is about other objects."""
    telemetry.set_up("WARNING", "benchmarks")
    notes: list[str] = []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liangma-bench-")))
        contenders = contenders_on("SQLite", f"sqlite:///{directory}/codes.db", directory, stack)
        try:
            contenders += contenders_on("PostgreSQL", stack.enter_context(schema("issue")), directory, stack)
        except Skipped as why:
            notes.append(f"PostgreSQL is left out: {why}")
        limit = Contender("signatures alone", sign_all, Role.LIMIT, same_answer=True)
        yield Benchmark(
            "issue",
            f"codes for {VISITS:,} visits, dispatched {BATCH} at a time",
            [*contenders, limit],
            reference=lambda: VISITS,
            units=(VISITS, "codes"),
            aim=AIM,
            rounds=ROUNDS,
            notes=notes,
        )


def contenders_on(name: str, url: str, var_dir: Path, stack: ExitStack) -> list[Contender]:
    """Ours and the plain loop, each on objects of its own."""
    with patch.dict(os.environ, {"LIANGMA_CODES_DATABASE_URL": url}):
        runtime = Runtime(SERVICE, load(Settings, var_dir=var_dir, public_url="https://liangma.example.cn"))
    stack.callback(runtime.database.dispose)
    SERVICE.metadata.create_all(runtime.database.engine)
    objects = strangers(runtime)
    return [
        Contender(f"ours, {name}", lambda: issue(runtime, objects), Role.OURS, same_answer=True),
        Contender(f"one by one, {name}", lambda: one_by_one(runtime, objects), Role.PEER, same_answer=True),
    ]


def strangers(runtime: Runtime) -> Iterator[str]:
    """Objects nobody has visited yet, as many as all turns need."""
    turns = 2 * (1 + ROUNDS)
    ids = [f"bench-{number:08}" for number in range(turns * VISITS)]
    known = {"type": "INSTITUTION", "name": "企业", "registration_status": "ACTIVE", "region": "500105"}
    with runtime.unit_of_work(principal=NOBODY, now=NOW) as work:
        work.upsert(
            KnownAuthority,
            [
                {
                    "authority_id": AUTHORITY,
                    "version": 1,
                    "name": "重庆市司法局",
                    "region": "500000",
                    "listed_from": date(2020, 1, 1),
                    "listed_until": None,
                }
            ],
        )
        team = {
            "version": 1,
            "name": "李雷",
            "authority_id": AUTHORITY,
            "valid_until": date(2030, 1, 1),
            "retired": False,
        }
        work.upsert(KnownInspector, [team | {"certificate": number} for number in TEAM])
        for start in range(0, len(ids), 5000):
            rows = (known | {"object_id": id, "version": 1} for id in ids[start : start + 5000])
            work.upsert(KnownObject, [row | {"address": "", "industry": ""} for row in rows])
    return iter(ids)


def issue(runtime: Runtime, objects: Iterator[str]) -> int:
    """As the worker does, fact by fact."""
    desk, issued = office(runtime), 0
    for _ in range(BATCHES):
        dispatch = facts.dispatch(dispatched(islice(objects, BATCH)))
        with runtime.unit_of_work(principal=NOBODY, now=NOW) as work:
            issue_codes(work, dispatch, desk.press(work.session), now=NOW)
        issued += len(dispatch.visits)
    return issued


def dispatched(objects: Iterator[str]) -> tasks.InspectionsDispatched:
    """The fact that a part of a task went out."""
    part = tasks.InspectionPart(authority_id=AUTHORITY, matter_ids=["330631004000"], certificates=TEAM)
    return tasks.InspectionsDispatched(
        task_id="task",
        task_number="渝司专查〔2025〕27号",
        kind="DAILY",
        nature="FORMAL",
        authority_id=AUTHORITY,
        method="ON_SITE",
        starts_on="2025-06-09",
        ends_on="2025-06-20",
        code_kind="SINGLE",
        inspections=[
            tasks.DispatchedInspection(inspection_id=str(uuid4()), object_id=id, parts=[part]) for id in objects
        ],
    )


def one_by_one(runtime: Runtime, objects: Iterator[str]) -> int:
    """A transaction for each visit."""
    places = count(10**12 + uuid4().int % 10**12)
    template: dict[str, object] | None = None
    done = 0
    for object_id in islice(objects, VISITS):
        key = {"authority_id": AUTHORITY, "object_id": object_id, "year": 2025, "matter_id": ""}
        said = content(object_id, next(places))
        with runtime.database.transaction() as session:
            if template is None:
                first = session.execute(codes.select().limit(1)).mappings().first()
                template = dict(first) if first else None
            if template is None:  # pragma: no cover (ours has had its turn before)
                raise Skipped("no code to copy")
            visits = session.execute(visit_counts.select().filter_by(**key)).first()
            if visits and visits.visits >= 3:
                continue
            statement = visit_counts.update().filter_by(**key) if visits else visit_counts.insert()
            session.execute(statement.values(key | {"visits": (visits.visits if visits else 0) + 1}))
            own = {
                "code_id": said.code_id,
                "inspection_id": str(uuid4()),
                "object_id": object_id,
                "status_index": said.status_index,
                "text": signing.encode(said, SIGNER, "LIANGMA.EXAMPLE.CN"),
            }
            session.execute(codes.insert().values(template | own))
        done += 1
    return done


def content(object_id: str, place: int) -> Content:
    """What a code says."""
    return Content(
        code_id=str(uuid4()),
        kind="SINGLE",
        status_index=place,
        valid_from=NOW,
        valid_to=NOW,
        object_id=object_id,
        task_number="渝司专查〔2025〕27号",
        authorities=(AUTHORITY,),
        matters=("330631004000",),
        certificates=TEAM,
    )


def sign_all() -> int:
    """Nothing but the codes' texts."""
    write: Callable[[Content], str] = lambda said: signing.encode(said, SIGNER, "LIANGMA.EXAMPLE.CN")  # noqa: E731
    return sum(bool(write(content("91500105MACDMPYK94", place))) for place in range(VISITS))
