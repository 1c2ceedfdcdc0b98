"""`python -m services.tasks api|worker|migrate`: the only place where tasks is wired."""

from __future__ import annotations

from collections.abc import Sequence

from services.chassis.service import AddServicer, Runtime, Service, main
from services.tasks import tables
from services.tasks.wire.event import event_to_proto


def servicers(runtime: Runtime) -> Sequence[tuple[AddServicer, object]]:
    """What an api process serves."""
    from liangma.tasks.v1 import inspections_pb2_grpc, statistics_pb2_grpc, tasks_pb2_grpc

    from services.tasks.servicer.inspection import InspectionsServicer
    from services.tasks.servicer.statistics import StatisticsServicer
    from services.tasks.servicer.task import TasksServicer

    return [
        (tasks_pb2_grpc.add_TasksServiceServicer_to_server, TasksServicer(runtime)),
        (inspections_pb2_grpc.add_InspectionsServiceServicer_to_server, InspectionsServicer(runtime)),
        (statistics_pb2_grpc.add_StatisticsServiceServicer_to_server, StatisticsServicer(runtime)),
    ]


def subscriptions(runtime: Runtime) -> type:  # noqa: ARG001 (every service is asked so; this one needs nothing of it)
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
