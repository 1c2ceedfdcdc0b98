"""`python -m services.tasks api|worker|migrate`: the only place where tasks is wired."""

from __future__ import annotations

from services.chassis.runtime import Runtime, Service
from services.chassis.service import main
from services.tasks import tables
from services.tasks.wire.event import event_to_proto


def servicers(runtime: Runtime) -> list[object]:
    """What an api process serves."""
    from services.tasks.servicer.desk import DeskServicer
    from services.tasks.servicer.inspection import InspectionsServicer
    from services.tasks.servicer.objects import TaskObjectsServicer
    from services.tasks.servicer.statistics import StatisticsServicer
    from services.tasks.servicer.task import TasksServicer

    return [
        TasksServicer(runtime),
        TaskObjectsServicer(runtime),
        InspectionsServicer(runtime),
        StatisticsServicer(runtime),
        DeskServicer(runtime),
    ]


def subscriptions(_: Runtime) -> type:
    """What a worker process hears."""
    from services.tasks.subscriptions import TasksSubscriptions

    return TasksSubscriptions


SERVICE = Service(
    name="tasks",
    metadata=tables.metadata,
    map_model=tables.map_model,
    encode_event=event_to_proto,
    servicers=servicers,
    subscriptions=subscriptions,
)

if __name__ == "__main__":
    main(SERVICE)
