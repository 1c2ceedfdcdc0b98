"""Two small services for tests of the bus: `plans` announces, `tasks` hears, does what the fact says, and may answer.

Run as a real worker: `python -m tests.support.pair plans tasks`, with the usual LIANGMA_… settings.
"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from typing import Any

if __name__ == "__main__":
    from services.chassis import green

    green.patch()

from google.protobuf.message import Message
from liangma.plans.v1 import events_pb2 as plans_events
from liangma.tasks.v1 import events_pb2 as tasks_events
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert, select

from services.chassis.bus import NotYet
from services.chassis.database import chassis_tables
from services.chassis.runtime import Service
from services.chassis.servicing import Call
from services.chassis.worker import Subscriptions, run_workers, subscribe, timer


@dataclass(frozen=True)
class Announced:
    """`plans` says something; `orders` is what `tasks` shall do about it."""

    plan_id: str
    orders: str = ""


@dataclass(frozen=True)
class Answered:
    """`tasks` has done it."""

    task_id: str


def _effects(metadata: MetaData) -> Table:
    return Table(
        "effects",
        metadata,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("what", String(128), nullable=False),
    )


plans_metadata, tasks_metadata = MetaData(), MetaData()
chassis_tables(plans_metadata)
chassis_tables(tasks_metadata)
answers = _effects(plans_metadata)
effects = _effects(tasks_metadata)


def encode(event: Any) -> Message:
    """The messages these two stand for."""
    if isinstance(event, Announced):
        return plans_events.PlanReceived(plan_id=event.plan_id, reason=event.orders)
    return tasks_events.TaskCompleted(task_id=event.task_id)


class PlansSubscriptions(Subscriptions):
    """Counts the answers."""

    name = "plans"

    @subscribe(tasks_events.TaskCompleted)
    def on_task_completed(self, event: tasks_events.TaskCompleted, call: Call) -> None:
        call.work.session.execute(insert(answers).values(what=event.task_id))


class TasksSubscriptions(Subscriptions):
    """Notes every fact, and does what it says.

    `poison`: fails. `unless X`: fails until X was noted. `after X`: waits until X was noted. `slow`: takes its time.
    `answer`: is answered.
    """

    name = "tasks"

    @subscribe(plans_events.PlanReceived)
    def on_plan_received(self, event: plans_events.PlanReceived, call: Call) -> None:
        session = call.work.session
        session.execute(insert(effects).values(what=event.plan_id))
        order, _, other = event.reason.partition(" ")
        known = session.scalar(select(effects.c.number).where(effects.c.what == other))
        if order == "poison" or (order == "unless" and not known):
            raise ValueError(f"cannot handle {event.plan_id}")
        if order == "after" and not known:
            raise NotYet(f"plan {other}")
        if order == "slow":
            threading.Event().wait(0.02)
        if order == "answer":
            call.work.emit(Answered(event.plan_id))

    @timer(seconds=0.2)
    def tick(self, call: Call) -> None:
        if os.environ.get("PAIR_TICKS"):
            call.work.session.execute(insert(effects).values(what=f"tick {os.getpid()}"))


def _service(name: str, metadata: MetaData, subscriptions: type[Subscriptions]) -> Service:
    return Service(
        name=name,
        metadata=metadata,
        map_model=lambda: None,
        encode_event=encode,
        servicers=lambda _: [],
        subscriptions=lambda _: subscriptions,
    )


PLANS = _service("plans", plans_metadata, PlansSubscriptions)
TASKS = _service("tasks", tasks_metadata, TasksSubscriptions)


if __name__ == "__main__":
    from services.chassis.settings import Settings, load

    run_workers([{"plans": PLANS, "tasks": TASKS}[name] for name in sys.argv[1:]], load(Settings))
