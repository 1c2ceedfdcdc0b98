"""`python -m services.sampling api|worker|migrate`: the only place where sampling is wired."""

from __future__ import annotations

from services.chassis.runtime import Runtime, Service
from services.chassis.service import main
from services.sampling import tables
from services.sampling.wire.events import event_to_proto


def servicers(runtime: Runtime) -> list[object]:
    """What an api process serves."""
    from services.sampling import servicer
    from services.sampling.settings import sampling_settings

    sampling_settings()  # bad settings are told now, not at the first call
    return [
        servicer.ObjectsServicer(runtime),
        servicer.InspectorsServicer(runtime),
        servicer.RecusalsServicer(runtime),
        servicer.DirectoryFilesServicer(runtime),
        servicer.DrawsServicer(runtime),
        servicer.CommitmentsServicer(runtime),
        servicer.JointWindowsServicer(runtime),
        servicer.StandingsServicer(runtime),
    ]


def subscriptions(_: Runtime) -> type:
    """What a worker process hears."""
    from services.sampling.settings import sampling_settings
    from services.sampling.subscriptions import SamplingSubscriptions

    sampling_settings()
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
