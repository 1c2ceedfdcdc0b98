"""Importing a registry file with every check, beside pandas, which copies it into a table and checks nothing.

Ours is what `liangma import` does, without the HTTP between: the file is read row by row, batches become messages and
go through the servicer into a fresh database, where objects are kept and announced.
"""

from __future__ import annotations

import csv
import gc
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import grpc
from google.protobuf.json_format import MessageToDict
from liangma.sampling.v1 import sampling_pb2 as pb
from sqlalchemy import create_engine

from benchmarks.harness import Benchmark, Contender, Role, Skipped
from benchmarks.relay import schema
from services import importing
from services.chassis import garbage, telemetry
from services.chassis.identity import Principal
from services.chassis.service import Runtime
from services.chassis.servicing import caller
from services.chassis.settings import Settings, load
from services.rest import Gateway
from services.sample_data import write_city
from services.sampling.__main__ import SERVICE
from services.sampling.servicer import ObjectsServicer

ROWS = 20_000
AIM = 30_000  # rows/s
ROUNDS = 3
DATABASES = (ROUNDS + 1) * 2  # a contender's turn may be two runs
ADMINISTRATOR = Principal("bench", roles=frozenset({"administrator"}))


class Door(Gateway):
    """Takes batches to the servicer as a gateway does, within one process.

    Args:
        runtime: of sampling, on an empty database.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._servicer = ObjectsServicer(runtime)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Import the rows of a batch; the message is written to bytes and read from them, as on its way."""
        assert path == importing.KINDS["objects"].path
        sent = pb.ImportObjectsRequest(rows=(body or {})["rows"], request_id=str(uuid.uuid4())).SerializeToString()
        request = pb.ImportObjectsRequest.FromString(sent)
        return MessageToDict(self._servicer.ImportObjects(request, cast(grpc.ServicerContext, None)))


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """A made-up registry and fresh databases, ours and theirs; the parse of the file alone as the limit."""
    telemetry.set_up("WARNING", "benchmarks")
    with ExitStack() as stack:
        stack.callback(caller.reset, caller.set(ADMINISTRATOR))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liangma-bench-")))
        file = write_city(directory / "city", ROWS)["objects"]
        notes = ["checks, digests, draw keys and events are ours alone: pandas copies cells"]
        contenders = contenders_on("SQLite", file, sqlite_urls(directory), directory, stack, notes)
        try:
            urls = [stack.enter_context(schema("import")) for _ in range(DATABASES)]
        except Skipped as why:
            notes.append(f"PostgreSQL is left out: {why}")
        else:
            contenders += contenders_on("PostgreSQL", file, urls, directory, stack, notes)
        stack.enter_context(settled())
        yield Benchmark(
            "import_rows",
            f"{ROWS:,} objects from a CSV file",
            [*contenders, Contender("csv parse", lambda: parse(file), Role.LIMIT, same_answer=True)],
            reference=lambda: ROWS,
            units=(ROWS, "rows"),
            aim=AIM,
            rounds=ROUNDS,
            notes=notes,
        )


@contextmanager
def settled() -> Iterator[None]:
    """Garbage is looked for as in a service."""
    before = gc.get_threshold()
    garbage.settle()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def sqlite_urls(directory: Path) -> list[str]:
    """Databases that are not there yet."""
    return [f"sqlite:///{directory / str(number)}.db" for number in range(DATABASES)]


def contenders_on(
    name: str, file: Path, urls: list[str], directory: Path, stack: ExitStack, notes: list[str]
) -> list[Contender]:
    """Ours on a fresh database each time, and pandas."""
    settings = load(Settings, var_dir=directory)
    runtimes = [runtime(url, settings) for url in urls]
    for each in runtimes:
        stack.callback(each.database.dispose)
    waiting = iter(runtimes)
    ours = Contender(f"ours, {name}", lambda: import_into(next(waiting), file), Role.OURS, same_answer=True)
    copy = pandas_copy(runtimes[0], file)
    if copy is None:
        notes.append("pandas is not installed (dependency group `bench`)")
        return [ours]
    return [ours, Contender(f"pandas to_sql, {name}", copy, Role.PEER, same_answer=True)]


def runtime(url: str, settings: Settings) -> Runtime:
    """Sampling on a database with its tables and nothing in them."""
    with patch.dict(os.environ, {"LIANGMA_SAMPLING_DATABASE_URL": url}):
        made = Runtime(SERVICE, settings)
    SERVICE.metadata.create_all(made.database.engine)
    return made


def import_into(runtime: Runtime, file: Path) -> int:
    """How many rows were new."""
    return importing.import_file(importing.KINDS["objects"], file, Door(runtime)).imported


def pandas_copy(runtime: Runtime, file: Path) -> Callable[[], object] | None:
    """Reads the file into a frame and writes that to a table of its own; None: there is no pandas."""
    try:
        import pandas as pd
    except ImportError:
        return None

    def copy() -> object:
        engine = create_engine(runtime.database.url)  # as pandas is given one: without our settings
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        frame.to_sql("copied", engine, if_exists="replace", index=False)
        engine.dispose()
        return len(frame)

    return copy


def parse(file: Path) -> int:
    """Read every cell and forget it."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        return sum(1 for _ in csv.reader(text)) - 1
