"""The pair of services, run as real worker processes over a real bus, for tests that kill and cut."""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import psycopg
from kombu.connection import Connection
from sqlalchemy import Table, insert, select

from services.chassis import bus as buses
from services.chassis import chain, dead_letters, outbox
from services.chassis.bus.cloudevents import body_of
from services.chassis.dead_letters import DeadLetter, LetterState
from services.chassis.identity import Principal
from services.chassis.runtime import Runtime
from services.chassis.settings import Settings, load
from tests.support import pair
from tests.support.broker import RABBITMQ
from tests.support.databases import POSTGRES

SERVICES = {"plans": pair.PLANS, "tasks": pair.TASKS}


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it did not come about.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.02)


class Workers:
    """The pair with databases and a corner of the bus of its own.

    Args:
        directory: an empty folder.
        amqp_url: `memory://` or a RabbitMQ.
        database: `sqlite` or `postgresql`.
    """

    def __init__(self, directory: Path, *, amqp_url: str, database: str) -> None:
        self.prefix = f"test-{uuid.uuid4().hex[:12]}."
        self.amqp_url = amqp_url
        self._directory = directory
        self._schemas: list[str] = []
        self.processes: list[subprocess.Popen[str]] = []
        self.environment = {
            "LIANGMA_VAR_DIR": str(directory),
            "LIANGMA_AMQP_URL": amqp_url,
            "LIANGMA_AMQP_PREFIX": self.prefix,
            "LIANGMA_WORKER_LISTEN": "127.0.0.1:0",
            "LIANGMA_PLANS_DATABASE_URL": self._database_url("plans", database),
            "LIANGMA_TASKS_DATABASE_URL": self._database_url("tasks", database),
        }
        self.runtimes = {name: self._runtime(name) for name in SERVICES}

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        for runtime in self.runtimes.values():
            runtime.database.dispose()
        if not self.amqp_url.startswith("memory:"):
            self._clean_broker()
        if self._schemas:
            with psycopg.connect(POSTGRES, autocommit=True) as connection:
                for schema in self._schemas:
                    connection.execute(f'DROP SCHEMA "{schema}" CASCADE')

    def announce(self, *plan_ids: str, orders: str = "") -> None:
        """`plans` announces, in one transaction."""
        runtime = self.runtimes["plans"]
        with runtime.unit_of_work(principal=Principal("test"), now=datetime.now(UTC)) as work:
            for plan_id in plan_ids:
                work.emit(pair.Announced(plan_id, orders))

    def start(self, *names: str, ready: bool = True, **environment: str) -> subprocess.Popen[str]:
        """Start a worker process for some of the services, and wait for its ready line."""
        process = self._run("tests.support.pair", names, environment)
        if ready:
            self.wait_ready(process)
        return process

    def start_mortal(self, *names: str) -> subprocess.Popen[str]:
        """Start a worker process that dies once it has committed something."""
        return self._run("tests.support.mortal", names, {})

    def wait_ready(self, process: subprocess.Popen[str]) -> str:
        """Wait for the ready line; the address of the process's health server."""
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("ready: "), self.log.read_text()[-3000:]
        return line.rpartition(" ")[2].strip()

    @property
    def log(self) -> Path:
        """What all the processes wrote to standard error."""
        return self._directory / "worker.log"

    def effects(self) -> list[str]:
        """What `tasks` has noted, in order."""
        return self._column("tasks", pair.effects)

    def answers(self) -> list[str]:
        """What `plans` has heard back."""
        return self._column("plans", pair.answers)

    def letters(self, state: LetterState | None = LetterState.DEAD) -> list[DeadLetter]:
        """Dead letters of `tasks`."""
        with self.runtimes["tasks"].database.transaction(read_only=True) as session:
            return dead_letters.list_letters(session, pair.tasks_metadata.tables["dead_letters"], state=state)

    def replay(self, letter_id: str) -> None:
        """Ask for a letter to be handled again."""
        with self.runtimes["tasks"].database.transaction() as session:
            dead_letters.replay(session, pair.tasks_metadata.tables["dead_letters"], letter_id)

    def note(self, what: str) -> None:
        """Let `tasks` have noted something."""
        with self.runtimes["tasks"].database.transaction() as session:
            session.execute(insert(pair.effects).values(what=what))

    def unsent(self) -> int:
        """How many facts of `plans` are still to be sent."""
        with self.runtimes["plans"].database.transaction(read_only=True) as session:
            return len(outbox.facts(session, pair.plans_metadata.tables["outbox"], limit=100_000))

    def chain_faults(self) -> list[chain.Fault]:
        """What is wrong with the logs of both."""
        found = []
        for name, service in SERVICES.items():
            with self.runtimes[name].database.transaction(read_only=True) as session:
                found += chain.verify_chain(session, service.metadata.tables["outbox"])
        return found

    def send_again(self) -> None:
        """Put every fact of `plans` into the queue of `tasks` once more."""
        runtime, bus = self.runtimes["plans"], buses.connect(self.amqp_url, self.prefix)
        with runtime.database.transaction(read_only=True) as session:
            told = outbox.history(session, pair.plans_metadata.tables["outbox"], "plan_received", after=0)
        queue = bus.topology.subscription("tasks", "plans", "plan_received")
        bus.send(queue.name, [(fact.id, body_of(fact)) for fact in told])

    def _run(self, module: str, names: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", module, *names],
                env=os.environ | self.environment | environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.processes.append(process)
        return process

    def _column(self, service: str, table: Table) -> list[str]:
        with self.runtimes[service].database.transaction(read_only=True) as session:
            return list(session.scalars(select(table.c.what).order_by(table.c.number)))

    def _runtime(self, name: str) -> Runtime:
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            runtime = Runtime(SERVICES[name], load(Settings))
        finally:
            os.environ.clear()
            os.environ.update(before)
        SERVICES[name].metadata.create_all(runtime.database.engine)
        return runtime

    def _database_url(self, name: str, database: str) -> str:
        if database == "sqlite":
            return f"sqlite:///{self._directory / name}.db"
        schema = f"{name}_{uuid.uuid4().hex}"
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{schema}"')
        self._schemas.append(schema)
        return f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{schema}"

    def _clean_broker(self) -> None:
        queues = ("tasks.plans.plan_received", "plans.tasks.task_completed", "unrouted")
        own = [f"{name}.{kind}" for name in SERVICES for kind in ("dead", "history")]
        exchanges = ("plans.events", "tasks.events", "unrouted", "plans.dead", "tasks.dead")
        with Connection(RABBITMQ) as connection:
            for queue in (*queues, *own):
                connection.default_channel.queue_delete(f"{self.prefix}{queue}")
            for exchange in exchanges:
                connection.default_channel.exchange_delete(f"{self.prefix}{exchange}")


class Cable:
    """A loopback port that leads to RabbitMQ, until it is cut."""

    def __init__(self) -> None:
        target = RABBITMQ.rpartition("@")[2].split("/")[0].split(":")
        self._target = (target[0], int(target[1]) if len(target) > 1 else 5672)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._is_whole = True
        self._flows = threading.Event()
        self._flows.set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """RabbitMQ as seen through the cable."""
        return RABBITMQ.replace(f"@{self._target[0]}:{self._target[1]}", f"@127.0.0.1:{self._server.getsockname()[1]}")

    def cut(self) -> None:
        """Break every connection at once."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def unplug(self) -> None:
        """Break every connection and take no new one."""
        self._is_whole = False
        self.cut()

    def plug(self) -> None:
        """Take connections again, and let what is frozen flow."""
        self._is_whole = True
        self._flows.set()

    def freeze(self) -> None:
        """Keep every connection open and let nothing through."""
        self._flows.clear()

    def close(self) -> None:
        """Put it away."""
        self.unplug()
        self._flows.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                if not self._is_whole:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def cable() -> Iterator[Cable]:
    """A cable that is put away at the end."""
    made = Cable()
    try:
        yield made
    finally:
        made.close()
