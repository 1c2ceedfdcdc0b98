"""Verifying codes through a running system, beside bare handlers of the same framework, each a single process.

The system is the gateway and the codes service, each a process, on real codes in a database: it checks the signature,
looks up the code, its visit, authorities, matters and inspectors, and masks what the public may not see. One bare
handler checks the signature only; the other one also looks up the same things, in the same database. The requests come
from a process of their own.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import uvicorn
from google.protobuf.json_format import MessageToDict
from liangma.codes.v1.codes_pb2 import CodeCheck
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.harness import Benchmark, Contender, Role, Skipped
from benchmarks.processes import free_port, running, system
from benchmarks.relay import opened, schema
from deploy import embedded
from services.chassis import clock, telemetry
from services.chassis.convert import to_proto
from services.chassis.database import Database
from services.chassis.unit_of_work import UnitOfWork, unit_of_work
from services.chassis.vault import Vault
from services.codes import cose, key_file, signing
from services.codes.__main__ import SERVICE
from services.codes.cabinet import Cabinet
from services.codes.ledger import SqlLedger
from services.codes.model.code import CodeKind, CodePart, InspectionCode
from services.codes.model.directory import CheckItem, KnownAuthority, KnownInspector, KnownMatter, KnownObject
from services.codes.model.issue import ON_SITE, Dispatch, PlannedVisit
from services.codes.office import stored_keys
from services.codes.queries.check import check_publicly
from services.codes.settings import codes_settings
from services.codes.use_cases.issue import issue_codes
from services.codes.use_cases.mint import Press
from services.command.sample_data import codes, digits

CODES = 400
CONNECTIONS = 16
HOST = "LIANGMA.EXAMPLE.CN"
PATH = "/v1/codes:check"
AUTHORITY, MATTER, TEAM = "11500000009275787B", "330631004000", ("50010012345", "50010012346")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Issued:
    """Codes that were issued, and the published keys that check them."""

    texts: dict[str, str]
    published: dict[str, object]


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """The system on SQLite and on PostgreSQL, the bare handler, and the check without any HTTP."""
    telemetry.set_up("WARNING", "benchmarks")
    notes: list[str] = []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liangma-bench-")))
        own_process = multiprocessing.get_context("spawn")
        load = stack.enter_context(ProcessPoolExecutor(1, mp_context=own_process))
        issued, port = stack.enter_context(system_with_codes(directory / "sqlite", ""))
        bare = stack.enter_context(bare_handler(directory / "bare", issued))
        knowing = stack.enter_context(bare_handler(directory / "knowing", issued, sqlite_url(directory / "sqlite")))
        book = key_file.key_book(issued.published)
        contenders = [
            Contender("gateway, SQLite", asking(load, port, issued), Role.OURS, same_answer=True),
            Contender("bare handler, signature only", asking(load, bare, issued), Role.PEER, same_answer=True),
            Contender("bare handler, same check", asking(load, knowing, issued), Role.PEER, same_answer=True),
            Contender("check, no HTTP", lambda: check_all(issued, book), Role.LIMIT, same_answer=True),
        ]
        try:
            url = stack.enter_context(schema("verify"))
        except Skipped as why:
            notes.append(f"PostgreSQL is left out: {why}")
        else:
            issued_there, port = stack.enter_context(system_with_codes(directory / "postgresql", url))
            ours = Contender("gateway, PostgreSQL", asking(load, port, issued_there), Role.OURS, same_answer=True)
            contenders.insert(0, ours)
        yield Benchmark(
            "verify",
            f"{CODES} codes by {CONNECTIONS} connections that are kept alive",
            contenders,
            reference=lambda: CODES,
            units=(CODES, "codes"),
            against=("bare handler, same check",),
            target=0.4,
            notes=notes,
        )


@contextmanager
def system_with_codes(var_dir: Path, database_url: str) -> Iterator[tuple[Issued, int]]:
    """Codes, and the port of a running gateway that knows them; an empty URL: SQLite."""
    url = database_url or sqlite_url(var_dir)
    with opened(url) as database:
        issued = issue(database, Cabinet(Vault(var_dir / "codes.key"), [HOST]))
    with system("codes", url, var_dir, CODES_HOST=HOST) as port:
        yield issued, port


def sqlite_url(var_dir: Path) -> str:
    """Where a system on SQLite keeps its codes."""
    return f"sqlite:///{var_dir / 'codes'}.db"


@contextmanager
def bare_handler(var_dir: Path, issued: Issued, database_url: str = "") -> Iterator[int]:
    """The port of a handler that does nothing but check; without a database: the signature."""
    var_dir.mkdir(parents=True)
    keys = var_dir / "keys.json"
    keys.write_text(json.dumps(issued.published), "utf-8")
    port = free_port()
    with running([embedded.Child("bare", "benchmarks.verify", (str(keys), str(port), database_url))], var_dir):
        yield port


def issue(database: Database, cabinet: Cabinet) -> Issued:
    """Make the tables and send a task out, one visit to each object."""
    SERVICE.map_model()
    SERVICE.metadata.create_all(database.engine)
    now = clock.now()
    today = clock.today(now)
    with unit_of_work(database, SERVICE.metadata, SERVICE.encode_event, subject="bench", now=now) as work:
        objects = known(work, today)
        press = Press(SqlLedger(work.session), cabinet, codes_settings().limits)
        issue_codes(work, dispatch(objects, today), press, now=now)
        texts = {code.code_id: code.text for code in work.all(InspectionCode)}
        return Issued(texts, cabinet.published(stored_keys(work.session)))


def known(work: UnitOfWork, today: date) -> list[str]:
    """Enter everybody a code names; the ids of the objects."""
    objects = codes(digits("91500112"), 0, CODES, 1)
    last = today + timedelta(days=365)
    item = CheckItem("经营资质", ("证照在有效期内",), "GB/T 1")
    work.add(
        KnownAuthority(authority_id=AUTHORITY, version=1, name="重庆市司法局", region="500000", listed_from=today),
        KnownMatter(matter_id=MATTER, version=1, name="对文物经营的检查", legal_basis="文物保护法", items=(item,)),
        *(
            KnownInspector(certificate=each, version=1, name="李雷", authority_id=AUTHORITY, valid_until=last)
            for each in TEAM
        ),
        *(KnownObject(object_id=id, version=1, type="INSTITUTION", name="渝北小店", region="500112") for id in objects),
    )
    work.session.flush()
    return objects


def dispatch(objects: Sequence[str], today: date) -> Dispatch:
    """A task of one authority that visits these objects from today on."""
    parts = (CodePart(AUTHORITY, (MATTER,), TEAM),)
    return Dispatch(
        task_id="task",
        task_number="渝司专查〔2025〕27号",
        task_name="文物经营检查",
        task_kind="DAILY",
        test=False,
        method=ON_SITE,
        kind=CodeKind.SINGLE,
        starts_on=today,
        ends_on=today + timedelta(days=10),
        visits=tuple(PlannedVisit(f"visit-{number}", id, parts) for number, id in enumerate(objects)),
    )


def asking(load: ProcessPoolExecutor, port: int, issued: Issued) -> Callable[[], int]:
    """Has all codes checked; how many were found genuine, and to be the ones they are."""
    bodies = [json.dumps({"text": text}).encode() for text in issued.texts.values()]

    def ask() -> int:
        answers = map(json.loads, load.submit(post_all, port, bodies).result())
        genuine = (each["codeId"] if each["verdict"].endswith("AUTHENTIC") else "" for each in answers)
        return sum(map(str.__eq__, genuine, issued.texts))

    return ask


def check_all(issued: Issued, book: cose.KeyBook) -> int:
    """The same, here and now."""
    return sum(signing.decode_and_verify(text, book).code_id == id for id, text in issued.texts.items())


def post_all(port: int, bodies: Sequence[bytes]) -> list[bytes]:
    """The answers to all bodies, in their order (runs in the process that makes the load)."""
    return asyncio.run(_post_all(port, bodies))


async def _post_all(port: int, bodies: Sequence[bytes]) -> list[bytes]:
    answers = [b""] * len(bodies)
    waiting = iter(enumerate(bodies))
    head = f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\ncontent-length: "

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, body in waiting:
            writer.write(b"%b%d\r\n\r\n%b" % (head.encode(), len(body), body))
            answer = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(answer)
            if not answer.startswith(b"HTTP/1.1 200 ") or length is None:
                raise ConnectionError(answer.decode("latin-1"))
            answers[number] = await reader.readexactly(int(length[1]))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return answers


class _Server(uvicorn.Server):
    """Says when it is ready, in the line that the supervisor waits for."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready: bare handler", flush=True)


def serve_bare(keys: Path, port: int, database_url: str) -> None:
    """The peer: one route, one check, until SIGTERM."""
    book = key_file.key_book(json.loads(keys.read_text("utf-8")))
    look = knowing_check(book, database_url) if database_url else signature_check(book)

    async def check(request: Request) -> JSONResponse:
        return JSONResponse(look((await request.json())["text"]))

    app = Starlette(routes=[Route(PATH, check, methods=["POST"])])
    _Server(uvicorn.Config(app, port=port, access_log=False, log_level="warning")).run()


def signature_check(book: cose.KeyBook) -> Callable[[str], dict[str, object]]:
    """Says what the code itself says."""

    def look(text: str) -> dict[str, object]:
        content = signing.decode_and_verify(text, book, clock.now())
        return {"verdict": "AUTHENTIC", "codeId": content.code_id, "objectId": content.object_id}

    return look


def knowing_check(book: cose.KeyBook, database_url: str) -> Callable[[str], dict[str, object]]:
    """Says all that the system says."""
    SERVICE.map_model()
    database = Database(database_url)

    def look(text: str) -> dict[str, object]:
        decode = partial(signing.decode_and_verify, text, book)
        with database.transaction(read_only=True) as session:
            [said] = check_publicly(session, [decode], clock.now())
        return MessageToDict(to_proto(said, CodeCheck))

    return look


if __name__ == "__main__":
    serve_bare(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
