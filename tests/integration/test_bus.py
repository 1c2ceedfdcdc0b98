"""The bus on real transports: nothing is lost, nothing is done twice, nothing holds up anything else."""

# mypy: allow-untyped-calls
# kombu says it is typed and is not

from __future__ import annotations

import json
import random
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from kombu.connection import Connection

from services.chassis.bus.topology import BROKER_DELIVERIES
from services.chassis.dead_letters import LetterState
from tests.support import mortal
from tests.support.broker import RABBITMQ
from tests.support.workers import Workers, cable, eventually

EMBEDDED = pytest.param(("memory://", "sqlite"), id="embedded")
DISTRIBUTED = pytest.param(
    (RABBITMQ, "postgresql"), id="distributed", marks=[pytest.mark.rabbitmq, pytest.mark.postgresql]
)


@pytest.fixture(params=[EMBEDDED, DISTRIBUTED])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workers]:
    """The pair, without a server and with RabbitMQ and PostgreSQL."""
    amqp_url, database = request.param
    with Workers(tmp_path, amqp_url=amqp_url, database=database) as made:
        yield made


@pytest.fixture(params=[DISTRIBUTED])
def distributed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workers]:
    """The pair with RabbitMQ and PostgreSQL."""
    amqp_url, database = request.param
    with Workers(tmp_path, amqp_url=amqp_url, database=database) as made:
        yield made


def test_a_fact_is_handled_once_and_its_answer_comes_back(workers: Workers) -> None:
    workers.start("plans", "tasks")
    plans = [f"p{n}" for n in range(50)]
    workers.announce(*plans, orders="answer")
    eventually(lambda: len(workers.answers()) == 50)
    assert workers.effects() == plans
    eventually(lambda: workers.unsent() == 0)
    assert workers.chain_faults() == []


def test_a_poisoned_fact_ends_in_the_dead_letters_and_blocks_no_other(workers: Workers) -> None:
    workers.start("plans", "tasks")
    workers.announce("bad", orders="poison")
    workers.announce(*(f"p{n}" for n in range(200)))
    eventually(lambda: len(workers.effects()) == 200)
    assert "bad" not in workers.effects()
    eventually(lambda: len(workers.letters()) == 1)
    letter = workers.letters()[0]
    assert letter.subscription == "tasks.plans.plan_received"
    assert letter.reason == "ValueError: cannot handle bad"
    assert "on_plan_received" in letter.traceback
    assert letter.attempts == 5
    assert json.loads(letter.envelope)["data"]["planId"] == "bad"
    eventually(lambda: workers.unsent() == 0)


def test_of_a_group_with_one_poisoned_fact_all_others_count_once_and_in_order(workers: Workers) -> None:
    workers.announce(*(f"p{n}" for n in range(30)))
    workers.announce("bad", orders="poison")
    workers.announce(*(f"p{n}" for n in range(30, 60)))
    workers.start("plans", "tasks")  # what waits for it comes to it together
    eventually(lambda: [letter.attempts for letter in workers.letters()] == [5])
    assert workers.effects() == [f"p{n}" for n in range(60)]
    eventually(lambda: workers.unsent() == 0)


def test_a_group_that_is_delivered_again_changes_nothing(distributed: Workers) -> None:
    distributed.start("plans", "tasks")
    plans = [f"p{n}" for n in range(50)]
    distributed.announce(*plans)
    eventually(lambda: distributed.effects() == plans)
    distributed.send_again()
    distributed.announce("last")  # is behind the repeats
    eventually(lambda: distributed.effects()[-1] == "last")
    assert distributed.effects() == [*plans, "last"]
    assert distributed.letters() == []


def test_a_worker_that_dies_after_its_commit_and_before_its_answer_doubles_nothing(workers: Workers) -> None:
    plans = [f"p{n}" for n in range(50)]
    workers.announce(*plans, orders="answer")
    for _ in range(2):
        assert workers.start_mortal("plans", "tasks").wait(30) == mortal.EXIT
        assert workers.effects() != []
    workers.announce("last", orders="answer")  # is behind the repeats
    workers.start("plans", "tasks")
    eventually(lambda: workers.answers()[-1:] == ["last"] and workers.unsent() == 0)
    assert sorted(workers.effects()) == sorted([*plans, "last"])
    assert sorted(workers.answers()) == sorted([*plans, "last"])


def test_a_replayed_letter_is_handled_once_its_cause_is_gone(workers: Workers) -> None:
    workers.start("plans", "tasks")
    workers.announce("p1", orders="unless repaired")
    eventually(lambda: len(workers.letters()) == 1)
    letter = workers.letters()[0]
    workers.replay(letter.id)
    eventually(lambda: [each.attempts for each in workers.letters()] == [6])
    workers.note("repaired")
    workers.replay(letter.id)
    eventually(lambda: "p1" in workers.effects())
    eventually(lambda: [each.id for each in workers.letters(LetterState.REPLAYED)] == [letter.id])
    assert workers.letters() == []


def test_a_fact_waits_for_the_one_it_builds_on_without_being_given_up(workers: Workers) -> None:
    workers.start("plans", "tasks")
    workers.announce("second", orders="after first")
    workers.announce("other")
    eventually(lambda: workers.effects() == ["other"])
    threading.Event().wait(3)  # longer than five attempts take
    workers.announce("first")
    eventually(lambda: workers.effects() == ["other", "first", "second"])
    assert workers.letters() == []


def test_killing_workers_at_any_moment_loses_and_doubles_nothing(workers: Workers) -> None:
    chance = random.Random(7)
    plans = [f"p{n}" for n in range(400)]
    for _ in range(4):
        process = workers.start("plans", "tasks")
        for _ in range(4):
            workers.announce(*(plans.pop(0) for _ in range(25)), orders="answer")
            threading.Event().wait(chance.uniform(0, 0.1))
        process.kill()
        process.wait()
    workers.start("plans", "tasks")
    eventually(lambda: len(workers.answers()) >= 400, seconds=60)
    eventually(lambda: workers.unsent() == 0)
    assert sorted(workers.effects()) == sorted(f"p{n}" for n in range(400))
    assert sorted(workers.answers()) == sorted(f"p{n}" for n in range(400))
    assert workers.letters() == []
    assert workers.chain_faults() == []


def test_a_worker_asked_to_stop_finishes_what_is_in_hand(workers: Workers) -> None:
    process = workers.start("plans", "tasks")
    plans = [f"p{n}" for n in range(150)]
    workers.announce(*plans, orders="slow")
    eventually(lambda: "handled" in workers.log.read_text())
    process.terminate()
    assert process.wait(20) == 0
    workers.start("plans", "tasks")
    eventually(lambda: len(workers.effects()) >= 150)
    assert sorted(workers.effects()) == sorted(plans)


def test_a_subscription_that_comes_later_is_told_what_went_before(distributed: Workers) -> None:
    distributed.start("plans")
    distributed.announce(*(f"p{n}" for n in range(30)))
    eventually(lambda: distributed.unsent() == 0)
    distributed.start("tasks")
    eventually(lambda: len(distributed.effects()) == 30)
    distributed.announce("new")
    eventually(lambda: len(distributed.effects()) == 31)
    assert distributed.effects() == [*(f"p{n}" for n in range(30)), "new"]


def test_a_worker_waits_for_a_broker_that_is_not_there_yet(distributed: Workers) -> None:
    with cable() as line:
        line.unplug()
        distributed.announce("p1")
        process = distributed.start("plans", "tasks", ready=False, LIANGMA_AMQP_URL=line.url)
        threading.Event().wait(2)
        assert process.poll() is None
        line.plug()
        distributed.wait_ready(process)
        eventually(lambda: distributed.effects() == ["p1"])


def test_cutting_the_connections_to_the_broker_loses_and_doubles_nothing(distributed: Workers) -> None:
    with cable() as line:
        process = distributed.start("plans", "tasks", LIANGMA_AMQP_URL=line.url)
        plans = [f"p{n}" for n in range(2000)]
        for start in range(0, 2000, 200):
            distributed.announce(*plans[start : start + 200], orders="answer")
            threading.Event().wait(0.03)
            line.cut()
        eventually(lambda: len(distributed.answers()) >= 2000, seconds=90)
        eventually(lambda: distributed.unsent() == 0)
        assert process.poll() is None
        assert sorted(distributed.effects()) == sorted(plans)
        assert sorted(distributed.answers()) == sorted(plans)
        assert distributed.chain_faults() == []


def test_a_fact_that_workers_die_of_is_kept_as_a_dead_letter(distributed: Workers) -> None:
    distributed.start("plans", "tasks")
    distributed.announce("p1")
    eventually(lambda: distributed.effects() == ["p1"])
    for process in distributed.processes:
        process.terminate()
        process.wait()
    distributed.start("plans")
    distributed.announce("deadly")
    eventually(lambda: distributed.unsent() == 0)
    queue = f"{distributed.prefix}tasks.plans.plan_received"
    for _ in range(BROKER_DELIVERIES + 2):
        with Connection(RABBITMQ) as connection:  # takes the fact and is gone without a word
            connection.default_channel.basic_get(queue)
    distributed.start("tasks")
    eventually(lambda: len(distributed.letters()) == 1)
    letter = distributed.letters()[0]
    assert letter.subscription == "tasks.plans.plan_received"
    assert "workers died with it in hand" in letter.reason
    distributed.replay(letter.id)
    eventually(lambda: distributed.effects() == ["p1", "deadly"])


def test_a_fact_that_is_laid_aside_outlives_its_worker(workers: Workers) -> None:
    process = workers.start("plans", "tasks")
    workers.announce("second", orders="after first")
    for name in ("one", "two"):
        workers.announce(name)
        eventually(lambda name=name: name in workers.effects())  # type: ignore[misc]
    workers.announce("three")
    eventually(lambda: "three" in workers.effects())  # by now what came before it is answered
    process.kill()
    process.wait()
    workers.start("plans", "tasks")
    workers.announce("first")
    eventually(lambda: sorted(workers.effects()) == ["first", "one", "second", "three", "two"])
    assert workers.effects()[-2:] == ["first", "second"]


def test_what_is_no_envelope_goes_to_the_dead_letters_at_once(distributed: Workers) -> None:
    distributed.start("tasks")
    with Connection(RABBITMQ) as connection:
        producer = connection.Producer(serializer="raw")
        for body in (b"\xff\xfe", b"{}", b"\x00"):
            producer.publish(body, routing_key=f"{distributed.prefix}tasks.plans.plan_received")
    eventually(lambda: len(distributed.letters()) == 3)
    assert {letter.attempts for letter in distributed.letters()} == {1}
    assert all("Unreadable" in letter.reason for letter in distributed.letters())


def test_one_replica_leads_and_another_takes_over_when_it_dies(distributed: Workers) -> None:
    first, second = (distributed.start("plans", "tasks", PAIR_TICKS="1") for _ in range(2))
    eventually(lambda: len(distributed.effects()) > 5)
    assert set(distributed.effects()) == {f"tick {first.pid}"}
    first.kill()
    eventually(lambda: f"tick {second.pid}" in distributed.effects())
    distributed.announce("p1", orders="answer")
    eventually(lambda: distributed.answers() == ["p1"])


def test_a_worker_tells_whether_it_is_alive_and_ready_and_how_it_is_doing(workers: Workers) -> None:
    address = workers.wait_ready(workers.start("plans", "tasks", ready=False))
    workers.announce("p1")
    eventually(lambda: workers.effects() == ["p1"] and workers.unsent() == 0)
    assert _get(f"http://{address}/healthz") == (200, "alive\n")
    assert _get(f"http://{address}/readyz") == (200, "ready")
    status, metrics = _get(f"http://{address}/metrics")
    assert status == 200
    assert 'liangma_events_published_total{service="plans"} 1.0' in metrics
    assert 'liangma_outbox_unsent{service="plans"} 0.0' in metrics
    assert 'liangma_event_seconds_count{outcome="done",subscription="tasks.plans.plan_received"} 1.0' in metrics
    assert _get(f"http://{address}/else")[0] == 404


def test_a_worker_whose_broker_is_gone_is_alive_but_not_ready(distributed: Workers) -> None:
    with cable() as line:
        process = distributed.start("plans", "tasks", ready=False, LIANGMA_AMQP_URL=line.url)
        address = distributed.wait_ready(process)
        line.unplug()
        distributed.announce("p1")
        eventually(lambda: _get(f"http://{address}/readyz") == (503, "the relay of plans cannot send"))
        assert _get(f"http://{address}/healthz")[0] == 200
        line.plug()
        eventually(lambda: distributed.effects() == ["p1"])
        eventually(lambda: _get(f"http://{address}/readyz")[0] == 200)


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
