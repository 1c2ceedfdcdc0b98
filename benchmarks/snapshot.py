"""What a draw looks at, read from the snapshot of the directory, beside the rows of PostgreSQL.

Both give every object of the scope as the draw takes it. The snapshot is opened anew each time, hashed and all, as by a
process that has just begun; afterwards it stays open. The limit is to read and hash the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import cast

from sqlalchemy import update

from benchmarks.directory import directory
from benchmarks.harness import Benchmark, Contender, Role, measured
from services.chassis import telemetry
from services.chassis.database import Database
from services.chassis.unit_of_work import UnitOfWork
from services.sampling import snapshotting
from services.sampling.directory import SqlDirectory
from services.sampling.model.scope import DrawScope
from services.sampling.snapshot import Shelf
from services.sampling.tables import objects

OBJECTS = 1_000_000
SCOPE = DrawScope(regions=("500000",))


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """A directory on PostgreSQL, and its snapshot in a folder."""
    telemetry.set_up("WARNING", "benchmarks")
    with directory("snapshot", OBJECTS) as database, TemporaryDirectory(prefix="liangma-bench-") as folder:
        shelf = Shelf(folder)
        built = measured(lambda: refresh(database, shelf))
        [file] = Path(folder).glob("*.columns")
        yield Benchmark(
            "snapshot",
            f"{OBJECTS:,} objects as a draw looks at them",
            [
                Contender("ours, snapshot open", read(database, shelf), Role.OURS, same_answer=True),
                Contender("ours, opened anew", opened_anew(database, folder), Role.OURS, same_answer=True),
                Contender("rows of PostgreSQL", read(database, None), Role.PEER, same_answer=True),
                Contender("read and hash the file", lambda: sha256(file.read_bytes()).digest(), Role.LIMIT),
            ],
            reference=read(database, None),
            units=(OBJECTS, "objects"),
            against=("rows of PostgreSQL",),
            target=2,
            rounds=3,
            afterwards=lambda: costs(database, shelf, file, built),
        )


def read(database: Database, shelf: Shelf | None) -> Callable[[], tuple[int, int]]:
    """Take every object in hand; how many there are, and a sum over them."""

    def run() -> tuple[int, int]:
        with database.transaction(read_only=True) as session:
            work = cast(UnitOfWork, SimpleNamespace(session=session))
            count = total = 0
            for each in SqlDirectory(work, shelf).candidates(SCOPE, ""):
                count, total = count + 1, total ^ hash(each.object_id)
        return count, total

    return run


def opened_anew(database: Database, folder: str) -> Callable[[], tuple[int, int]]:
    """The same by a process that has nothing open."""

    def run() -> tuple[int, int]:
        return read(database, Shelf(folder))()

    return run


def refresh(database: Database, shelf: Shelf) -> None:
    """Write the snapshot where it must be."""
    with database.transaction() as session:
        snapshotting.refresh(session, shelf, datetime.now(UTC), worth_from=1, after=1)


def costs(database: Database, shelf: Shelf, file: Path, built: float) -> Sequence[str]:
    """What keeping it costs."""
    size = file.stat().st_size / OBJECTS
    with database.transaction() as session:
        session.execute(update(objects).where(objects.c.region == "500101").values(registration_status="CLOSED"))
    changed = OBJECTS // 40
    overlaid = measured(read(database, shelf))
    followed = measured(lambda: refresh(database, shelf))
    return [
        f"  written in {built:.1f} s, {size:.0f} bytes an object",
        f"  read with {changed:,} changes noted since in {overlaid:.1f} s; written anew with them in {followed:.1f} s",
    ]
