"""A draw end to end, CommitDraw and RevealDraw, beside `ORDER BY random()` in each stratum into a table.

Ours freezes the frame, commits to it, draws, and keeps and announces frame, proofs, transcript and objects; all is
in the database when the call returns. The peer takes as many objects from the same strata, and leaves nothing that
anybody could check. `LIANGMA_BENCH_DRAW_OBJECTS` says how many objects the directory has.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import grpc
from liangma.sampling.v1 import sampling_pb2 as pb
from sqlalchemy import func, select, text

from benchmarks.directory import directory
from benchmarks.harness import Benchmark, Contender, Role
from benchmarks.import_rows import settled
from services.chassis import telemetry
from services.chassis.bulk import insert_rows
from services.chassis.database import Database
from services.chassis.identity import Principal
from services.chassis.runtime import Runtime
from services.chassis.servicing import caller
from services.chassis.settings import Settings, load
from services.sampling import snapshotting
from services.sampling.__main__ import SERVICE
from services.sampling.directory import SqlDirectory
from services.sampling.model import draw, merkle
from services.sampling.model.neighbours import Part
from services.sampling.model.records import FrozenFile
from services.sampling.servicer import DrawsServicer
from services.sampling.settings import sampling_settings
from services.sampling.snapshot import shelf_at
from services.sampling.tables import drawn_objects, draws, tasks
from services.sampling.use_cases import draws as committed
from services.sampling.use_cases import revealing

OBJECTS = int(os.environ.get("LIANGMA_BENCH_DRAW_OBJECTS", "300000"))
WINNERS = 20_000
ROUNDS = 3
LEAD = "11500000009275787B"
MANAGER = Principal("bench", roles=frozenset({"task_manager"}), authority=LEAD, region="500000")
RATE = """
INSERT INTO ratings (object_id, version, public_rating, risk_class, industry)
SELECT object_id, 1, substr('ABCD', 1 + right(object_id, 6)::int % 4, 1), '', '[]' FROM objects
"""
BY_HAND = """
CREATE TABLE {table} AS
SELECT object_id, name, region, stratum, place FROM (
  SELECT object_id, name, region, stratum, count, row_number() OVER (PARTITION BY stratum ORDER BY random()) AS place
  FROM (SELECT *, count(*) OVER (PARTITION BY stratum) AS count FROM (
    SELECT o.object_id, o.name, o.region, o.region || '/' || r.public_rating AS stratum
    FROM objects o JOIN ratings r USING (object_id)
    WHERE o.type = 'INSTITUTION' AND o.region LIKE '50%') AS each) AS counted) AS ranked
WHERE place <= round({share} * count)
"""
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("reading the directory", SqlDirectory, "candidates"),
    ("freezing, reading included", committed, "frozen_now"),
    ("frame.csv", committed, "frame_csv"),
    ("tree", merkle, "leaves"),
    ("commitment", draw, "commitment_of"),
    ("packing files", FrozenFile, "of"),
    ("reading the frame again", revealing, "read_frame"),
    ("tickets", revealing, "draw_from"),
    ("transcript", revealing, "transcript_bytes"),
    ("rows of the drawn", revealing, "drawn_rows"),
    ("facts", revealing, "announce"),
)


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """A directory on PostgreSQL with its snapshot, and a prepared draw for every turn."""
    telemetry.set_up("WARNING", "benchmarks")
    with ExitStack() as stack:
        database = stack.enter_context(directory("draw_rpc", OBJECTS))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liangma-bench-")))
        runtime = runtime_on(database, folder)
        stack.callback(runtime.database.dispose)
        settle(database, runtime)
        prepared = (prepare(runtime, f"task-{number}") for number in range(ROUNDS + 3))
        stack.enter_context(settled())
        yield Benchmark(
            "draw_rpc",
            f"{WINNERS:,} of {OBJECTS:,} objects in 160 strata: frozen, committed, drawn, kept and announced",
            [
                Contender("ours, CommitDraw and RevealDraw", lambda: drawn(runtime, next(prepared)), Role.OURS),
                Contender("ORDER BY random() in each stratum", by_hand(database), Role.PEER),
            ],
            units=(OBJECTS, "objects"),
            rounds=ROUNDS,
            notes=["a frame that can be proven, a transcript and the announcements are ours alone"],
            afterwards=lambda: [*stages(runtime, next(prepared)), kept(database)],
        )


def runtime_on(database: Database, folder: Path) -> Runtime:
    """Sampling, on this database."""
    url = database.url.render_as_string(hide_password=False)
    with patch.dict(os.environ, {"LIANGMA_SAMPLING_DATABASE_URL": url}):
        return Runtime(SERVICE, load(Settings, var_dir=folder))


def settle(database: Database, runtime: Runtime) -> None:
    """Rate the objects, form a task for every turn, and write the snapshot."""
    shelf = shelf_at(sampling_settings().snapshots(runtime.settings))
    with database.transaction() as session:
        session.execute(text(RATE))
        insert_rows(session, tasks, [task(f"task-{number}") for number in range(ROUNDS + 3)])
    with database.transaction() as session:
        session.execute(text("ANALYZE ratings"))
        snapshotting.refresh(session, shelf, datetime.now(UTC), worth_from=1, after=1)


def task(task_id: str) -> dict[str, object]:
    """A task of one authority whose objects are to be drawn."""
    days = {"starts_on": date(2025, 6, 16), "ends_on": date(2025, 7, 31), "year": 2025}
    known = {"version": 1, "number": f"渝司专查〔2025〕{task_id}号", "name": "年度抽查", "kind": "DAILY"}
    ways = {"nature": "FORMAL", "selection": "RANDOM", "staffing": "RANDOM", "authority_id": LEAD, "region": "500000"}
    return {"task_id": task_id, "parts": (Part(LEAD, ("M1",)),), **known, **ways, **days}


def call(runtime: Runtime, method: str, **fields: Any) -> Any:
    """A call of the manager, which leaves its message as bytes and comes as bytes, as on its way."""
    caller.set(MANAGER)
    kind = getattr(pb, f"{method}Request")
    asked = kind(request_id=str(uuid.uuid4()), **fields).SerializeToString()
    return getattr(DrawsServicer(runtime), method)(kind.FromString(asked), cast(grpc.ServicerContext, None))


def prepare(runtime: Runtime, task_id: str) -> str:
    """A draw that waits for its commitment."""
    draw_id = str(call(runtime, "CreateDraw", task_id=task_id).draw_id)
    strata = pb.DrawStrata(basis=pb.STRATA_BASIS_PUBLIC_CREDIT, by_region=True)
    call(runtime, "SetDrawScope", draw_id=draw_id, scope=pb.DrawScope(regions=["500000"]))
    call(runtime, "SetDrawStrata", draw_id=draw_id, strata=strata)
    call(runtime, "SetDrawQuotas", draw_id=draw_id, quotas=pb.DrawQuotas(total=WINNERS))
    return draw_id


def drawn(runtime: Runtime, draw_id: str) -> object:
    """Commit and reveal; a contribution of others there is none."""
    call(runtime, "CommitDraw", draw_id=draw_id)
    return call(runtime, "RevealDraw", draw_id=draw_id).round.drawn_count


def by_hand(database: Database) -> Callable[[], object]:
    """The same share of each stratum, into a new table each time."""

    def run() -> object:
        table = f"drawn_{uuid.uuid4().hex}"
        with database.transaction() as session:
            session.execute(text(BY_HAND.format(table=table, share=WINNERS / OBJECTS)))
            return session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()

    return run


def stages(runtime: Runtime, draw_id: str) -> list[str]:
    """Where the time of one draw goes."""
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                spent[name] = spent.get(name, 0) + time.perf_counter() - begun

        return run

    with ExitStack() as stack:
        for name, owner, function in STAGES:
            stack.enter_context(patch.object(owner, function, timed(name, getattr(owner, function))))
        for method in ("CommitDraw", "RevealDraw"):
            timed(method, lambda method=method: call(runtime, method, draw_id=draw_id))()
    return [f"  {name:28} {seconds * 1000:8.0f} ms" for name, seconds in spent.items()]


def kept(database: Database) -> str:
    """What is in the database of it all."""
    with database.transaction(read_only=True) as session:
        many = session.scalar(select(func.count()).select_from(drawn_objects))
        count = session.scalar(select(func.count()).select_from(draws))
    return f"  kept: {many:,} drawn objects of {count} draws"
