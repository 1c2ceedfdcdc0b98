"""`python -m services.plans api|worker|migrate`: the only place where plans is wired."""

from __future__ import annotations

from services.chassis.runtime import Runtime, Service
from services.chassis.service import main
from services.plans import tables, wire


def servicers(runtime: Runtime) -> list[object]:
    """What an api process serves."""
    from services.plans.servicer.annual_caps import AnnualCapsServicer
    from services.plans.servicer.authorities import AuthoritiesServicer
    from services.plans.servicer.check_forms import CheckFormsServicer
    from services.plans.servicer.joint_lists import JointListsServicer
    from services.plans.servicer.matters import MattersServicer
    from services.plans.servicer.officials import OfficialsServicer
    from services.plans.servicer.plans import PlansServicer

    return [
        AuthoritiesServicer(runtime),
        OfficialsServicer(runtime),
        MattersServicer(runtime),
        CheckFormsServicer(runtime),
        JointListsServicer(runtime),
        AnnualCapsServicer(runtime),
        PlansServicer(runtime),
    ]


def subscriptions(_: Runtime) -> type:
    """What a worker process hears."""
    from services.plans.subscriptions import PlansSubscriptions

    return PlansSubscriptions


SERVICE = Service(
    name="plans",
    metadata=tables.metadata,
    map_model=tables.map_model,
    encode_event=wire.event_to_proto,
    servicers=servicers,
    subscriptions=subscriptions,
)

if __name__ == "__main__":
    main(SERVICE)
