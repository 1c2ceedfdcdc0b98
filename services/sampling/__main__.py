"""`python -m services.sampling api|worker|migrate`: the only place where sampling is wired."""

from __future__ import annotations

from collections.abc import Sequence

from services.chassis.service import AddServicer, Runtime, Service, main
from services.sampling import tables
from services.sampling.wire.events import event_to_proto


def servicers(runtime: Runtime) -> Sequence[tuple[AddServicer, object]]:
    """What an api process serves."""
    from liangma.sampling.v1 import sampling_pb2_grpc as grpc

    from services.sampling import servicer

    return [
        (grpc.add_ObjectsServiceServicer_to_server, servicer.ObjectsServicer(runtime)),
        (grpc.add_InspectorsServiceServicer_to_server, servicer.InspectorsServicer(runtime)),
        (grpc.add_RecusalsServiceServicer_to_server, servicer.RecusalsServicer(runtime)),
        (grpc.add_DrawsServiceServicer_to_server, servicer.DrawsServicer(runtime)),
        (grpc.add_JointWindowsServiceServicer_to_server, servicer.JointWindowsServicer(runtime)),
    ]


def subscriptions(_: Runtime) -> type:
    """What a worker process hears."""
    from services.sampling.subscriptions import SamplingSubscriptions

    return SamplingSubscriptions


SERVICE = Service(
    name="sampling",
    metadata=tables.metadata,
    map_model=tables.map_model,
    encode_event=event_to_proto,
    servicers=servicers,
    subscriptions=subscriptions,
)

if __name__ == "__main__":
    main(SERVICE)
