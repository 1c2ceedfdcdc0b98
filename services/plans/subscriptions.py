"""Facts in: what tasks become moves the plans they belong to."""

from __future__ import annotations

from liangma.tasks.v1 import events_pb2

from services.chassis.servicing import Call
from services.chassis.worker import Subscriptions, subscribe
from services.plans.model.plan_task import PlanTask, TaskStatus
from services.plans.use_cases.plan import learn_of_task


class PlansSubscriptions(Subscriptions):
    """The facts of tasks, in whatever order they come."""

    name = "plans"

    @subscribe(events_pb2.TaskCreated)
    def on_task_created(self, event: events_pb2.TaskCreated, call: Call) -> None:
        is_formal = event.nature != "TEST"
        news = PlanTask(event.task_id, TaskStatus.OPEN, is_formal=is_formal, number=event.number)
        learn_of_task(call.work, event.plan_id, news, now=call.now)

    @subscribe(events_pb2.TaskCompleted)
    def on_task_completed(self, event: events_pb2.TaskCompleted, call: Call) -> None:
        learn_of_task(call.work, event.plan_id, PlanTask(event.task_id, TaskStatus.COMPLETED), now=call.now)

    @subscribe(events_pb2.TaskCancelled)
    def on_task_cancelled(self, event: events_pb2.TaskCancelled, call: Call) -> None:
        learn_of_task(call.work, event.plan_id, PlanTask(event.task_id, TaskStatus.CANCELLED), now=call.now)

    @subscribe(events_pb2.TaskPurged)
    def on_task_purged(self, event: events_pb2.TaskPurged, call: Call) -> None:
        learn_of_task(call.work, event.plan_id, PlanTask(event.task_id, TaskStatus.PURGED), now=call.now)
