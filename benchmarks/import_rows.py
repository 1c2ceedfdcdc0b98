"""Importing a registry file with every check, beside pandas, which copies it into a table and checks nothing.

In process: the file is read line by line, batches go through the servicer into a fresh database, where objects are kept
and announced. Through the gateway: what `liangma import` does, before a gateway and the sampling
service, each a process of its own; each turn has a file of new objects, and the directory grows.
"""

from __future__ import annotations

import csv
import gc
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.json_format import MessageToDict
from liangma.sampling.v1 import sampling_pb2 as pb
from sqlalchemy import URL, create_engine

from benchmarks.harness import Benchmark, Contender, Role, Skipped
from benchmarks.processes import system
from benchmarks.relay import schema
from services.chassis import garbage, telemetry
from services.chassis.identity import Principal
from services.chassis.runtime import Runtime
from services.chassis.servicing import caller
from services.chassis.settings import Settings, load
from services.command import importing
from services.command.rest import Gateway
from services.command.sample_data import write_city
from services.sampling.__main__ import SERVICE
from services.sampling.servicer import ObjectsServicer

ROWS = 20_000
AIM = 30_000  # rows/s
ROUNDS = 5
TURNS = ROUNDS + 1  # one to warm up
ADMINISTRATOR = Principal("bench", roles=frozenset({"administrator"}))

Urls = Iterator[str]  # of fresh databases


class Door(Gateway):
    """Takes batches to the servicer as a gateway does, within one process.

    Args:
        runtime: of sampling.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._servicer = ObjectsServicer(runtime)

    def post_file(self, path: str, content: bytes, media_type: str, **query: Any) -> Any:
        """Import the lines of a file; the message is written to bytes and read from them, as on its way."""
        assert path == importing.KINDS["objects"].path
        caller.set(ADMINISTRATOR)
        file = HttpBody(content_type=media_type, data=content)
        asked = pb.ImportObjectFileRequest(file=file, request_id=str(uuid.uuid4()), **query)
        request = pb.ImportObjectFileRequest.FromString(asked.SerializeToString())
        return MessageToDict(self._servicer.ImportObjectFile(request, cast(grpc.ServicerContext, None)))


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Made-up registries, ours and theirs on both databases; the parse of a file alone as the limit."""
    telemetry.set_up("WARNING", "benchmarks")
    notes = ["checks, digests, draw keys and events are ours alone: pandas copies cells"]
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liangma-bench-")))
        files = parts(write_city(directory / "city", ROWS * TURNS)["objects"])
        fresh = (f"sqlite:///{directory / str(number)}.db" for number in count())
        contenders = contenders_on("SQLite", fresh, directory / "sqlite", files, stack)
        try:
            there = iter([stack.enter_context(schema("import")) for _ in range(TURNS + 1)])
        except Skipped as why:
            notes.append(f"PostgreSQL is left out: {why}")
        else:
            contenders += contenders_on("PostgreSQL", there, directory / "postgresql", files, stack)
        if not any(each.role is Role.PEER for each in contenders):
            notes.append("pandas is not installed (dependency group `bench`)")
        stack.enter_context(settled())
        yield Benchmark(
            "import_rows",
            f"{ROWS:,} objects from a CSV file",
            [*contenders, Contender("csv parse", lambda: parse(files[0]), Role.LIMIT, same_answer=True)],
            reference=lambda: ROWS,
            units=(ROWS, "rows"),
            aim=AIM,
            rounds=ROUNDS,
            notes=notes,
        )


@contextmanager
def settled() -> Iterator[None]:
    """Garbage is looked for as in the command and in a service."""
    before = gc.get_threshold()
    garbage.settle()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def parts(file: Path) -> list[Path]:
    """The file as files of so many rows each."""
    made: list[Path] = []
    with file.open(encoding="utf-8-sig", newline="") as text:
        header = next(text)
        while rows := list(islice(text, ROWS)):
            made.append(file.with_name(f"{len(made)}.csv"))
            made[-1].write_text("".join([header, *rows]), "utf-8-sig", newline="")
    return made


def contenders_on(name: str, urls: Urls, var_dir: Path, files: Sequence[Path], stack: ExitStack) -> list[Contender]:
    """Ours on a fresh database each time, ours on a system of its own, and pandas."""
    settings = load(Settings, var_dir=var_dir)
    grown, *fresh = (runtime(url, settings) for url in islice(urls, TURNS + 1))
    for each in (grown, *fresh):
        stack.callback(each.database.dispose)
    url = grown.database.url.render_as_string(hide_password=False)
    gateway = stack.enter_context(signed_in(stack.enter_context(system("sampling", url, var_dir))))
    doors, unread = map(Door, fresh), iter(files)
    ours = [
        Contender(f"ours, {name}", lambda: import_file(files[0], next(doors)), Role.OURS, same_answer=True),
        Contender(f"ours by HTTP, {name}", lambda: import_file(next(unread), gateway), Role.OURS, same_answer=True),
    ]
    copy = pandas_copy(grown.database.url, files[0])
    return [*ours, Contender(f"pandas to_sql, {name}", copy, Role.PEER, same_answer=True)] if copy else ours


def runtime(url: str, settings: Settings) -> Runtime:
    """Sampling on a database with its tables and nothing in them."""
    with patch.dict(os.environ, {"LIANGMA_SAMPLING_DATABASE_URL": url}):
        made = Runtime(SERVICE, settings)
    SERVICE.metadata.create_all(made.database.engine)
    return made


def signed_in(port: int) -> Gateway:
    """A client that may import."""
    address = f"http://127.0.0.1:{port}"
    with Gateway(address) as anybody:
        return Gateway(address, anybody.post("/v1/session", {"person": "administrator"})["token"])


def import_file(file: Path, gateway: Gateway) -> int:
    """How many rows were new."""
    return importing.import_file(importing.KINDS["objects"], file, gateway).imported


def pandas_copy(url: URL, file: Path) -> Callable[[], object] | None:
    """Reads the file into a frame and writes that to a table of its own; None: there is no pandas."""
    try:
        import pandas as pd
    except ImportError:
        return None

    def copy() -> object:
        engine = create_engine(url)  # as pandas is given one: without our settings
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        frame.to_sql("copied", engine, if_exists="replace", index=False)
        engine.dispose()
        return len(frame)

    return copy


def parse(file: Path) -> int:
    """Read every cell and forget it."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        return sum(1 for _ in csv.reader(text)) - 1
