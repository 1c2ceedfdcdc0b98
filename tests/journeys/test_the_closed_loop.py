"""The closed loop through the gateway, while its processes are killed: nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from deploy import demo, embedded
from deploy.demo import free_ports
from deploy.demo.steps import STEPS
from services.chassis.database import Database
from tests.support.broker import RABBITMQ, sweep
from tests.support.databases import POSTGRES

KILLS = 10


@contextmanager
def databases(kind: str, directory: Path) -> Iterator[dict[str, str]]:
    """Where each service keeps its data: five SQLite files, or five PostgreSQL databases made for the test."""
    if kind == "embedded":
        yield {service: f"sqlite:///{directory / service}.db" for service in embedded.SERVICES}
        return
    names = {service: f"liangma_{service}_{uuid.uuid4().hex[:12]}" for service in embedded.SERVICES}
    base = POSTGRES.rpartition("/")[0]
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        for name in names.values():
            connection.execute(f'CREATE DATABASE "{name}"')
    yield {service: f"{base}/{name}" for service, name in names.items()}
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        for name in names.values():
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def environment(kind: str, directory: Path, urls: dict[str, str]) -> dict[str, str]:
    port, grpc_port, worker_port = free_ports(3)
    made = {
        **os.environ,
        "LIANGMA_VAR_DIR": str(directory),
        "LIANGMA_GATEWAY_PORT": str(port),
        "LIANGMA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LIANGMA_GRPC_LISTEN": f"127.0.0.1:{grpc_port}",
        "LIANGMA_WORKER_LISTEN": f"127.0.0.1:{worker_port}",
        "LIANGMA_SIGN_IN": "embedded",
    }
    made |= {f"LIANGMA_{service.upper()}_DATABASE_URL": url for service, url in urls.items()}
    if kind == "distributed":
        made |= {"LIANGMA_AMQP_URL": RABBITMQ, "LIANGMA_AMQP_PREFIX": f"journey-{uuid.uuid4().hex[:8]}."}
    return made


class Killer:
    """Kills the api or the worker at a random moment of ten random steps."""

    def __init__(self, run_dir: Path, children: list[embedded.Child], seed: int) -> None:
        self._run_dir = run_dir
        self._children = {child.name: child for child in children}
        self._random = random.Random(seed)
        self._steps = set(self._random.sample([name for name, _ in STEPS[:-1]], KILLS))
        self._threads: list[threading.Thread] = []

    def on_step(self, name: str) -> None:
        if name in self._steps:
            child = self._children[self._random.choice(["api", "worker"])]
            thread = threading.Thread(target=self._kill, args=(child, self._random.uniform(0, 1)))
            self._threads.append(thread)
            thread.start()

    def join(self) -> int:
        """How many were killed, once all of them are back."""
        for thread in self._threads:
            thread.join()
        for child in self._children.values():
            assert child.ready.wait(60), f"{child.name} did not come back"
        return len(self._threads)

    def _kill(self, child: embedded.Child, after: float) -> None:
        threading.Event().wait(after)
        assert child.ready.wait(60), f"{child.name} did not come back"
        child.ready.clear()
        os.kill(int((self._run_dir / f"{child.name}.pid").read_text()), signal.SIGKILL)


@pytest.mark.timeout(580)
@pytest.mark.parametrize(
    "kind",
    ["embedded", pytest.param("distributed", marks=[pytest.mark.postgresql, pytest.mark.rabbitmq])],
)
def test_ten_kills_in_the_middle_of_the_loop_lose_and_double_nothing(kind: str, tmp_path: Path) -> None:
    directory, out = tmp_path / "var", tmp_path / "out"
    directory.mkdir()
    with databases(kind, directory) as urls, (tmp_path / "log.jsonl").open("w") as log:
        given = embedded.environment(environment(kind, directory, urls))
        embedded.migrate(given)
        children = embedded.children()
        with embedded.Supervisor(children, given, directory, log).running():
            killer = Killer(directory / "run", children, seed=20250609)
            went_well = demo.run(out=out, objects=5000, gateway=given["LIANGMA_PUBLIC_URL"], on_step=killer.on_step)
            summary = json.loads((out / "summary.json").read_text("utf-8"))
            assert went_well, [step for step in summary["steps"] if not step["ok"]]
            assert killer.join() == KILLS
            await_quiet(urls)
        assert_whole(urls)
        if kind == "distributed":
            sweep(given["LIANGMA_AMQP_PREFIX"], embedded.SERVICES)


def await_quiet(urls: dict[str, str]) -> None:
    """Until every fact that was announced has been sent."""
    waiting = threading.Event()
    for _ in range(600):
        if not any(ask(url, "SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT 1") for url in urls.values()):
            return
        waiting.wait(0.1)
    raise TimeoutError("facts are still waiting to be sent")


def assert_whole(urls: dict[str, str]) -> None:
    for service, url in urls.items():
        assert ask(url, "SELECT subscription, reason FROM dead_letters") == [], service
    objects = ask(urls["sampling"], "SELECT count(*) FROM objects")[0][0]
    assert objects == 5000
    for service, table in (("tasks", "directory_objects"), ("codes", "known_objects"), ("credit", "known_objects")):
        assert ask(urls[service], f"SELECT count(*) FROM {table}")[0][0] == objects, service
    coded = sorted(ask(urls["codes"], "SELECT inspection_id FROM codes WHERE inspection_id <> ''"))
    assert len(coded) == len(set(coded)) > 0
    assert coded == sorted(ask(urls["tasks"], "SELECT inspection_id FROM inspections WHERE code IS NOT NULL"))
    numbers = [row[0] for row in ask(urls["tasks"], "SELECT number FROM tasks")]
    assert len(numbers) == len(set(numbers)) == 6  # two drawn, one joint, three daily


def ask(url: str, query: str) -> list[Any]:
    database = Database(url, pool_size=1)
    with database.transaction(read_only=True) as session:
        rows = [tuple(row) for row in session.execute(text(query))]
    database.dispose()
    return rows
