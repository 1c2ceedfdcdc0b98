"""`python -m services.plans api|worker|migrate`: the only place where plans is wired."""

from __future__ import annotations

from services.chassis.service import AddServicer, Runtime, Service, main
from services.plans import tables, wire


def servicers(runtime: Runtime) -> list[tuple[AddServicer, object]]:
    """What an api process serves."""
    from liangma.plans.v1 import annual_caps_pb2_grpc as annual_caps
    from liangma.plans.v1 import authorities_pb2_grpc as authorities
    from liangma.plans.v1 import check_forms_pb2_grpc as check_forms
    from liangma.plans.v1 import joint_lists_pb2_grpc as joint_lists
    from liangma.plans.v1 import matters_pb2_grpc as matters
    from liangma.plans.v1 import plans_pb2_grpc as plans

    from services.plans.servicer.annual_caps import AnnualCapsServicer
    from services.plans.servicer.authorities import AuthoritiesServicer
    from services.plans.servicer.check_forms import CheckFormsServicer
    from services.plans.servicer.joint_lists import JointListsServicer
    from services.plans.servicer.matters import MattersServicer
    from services.plans.servicer.plans import PlansServicer

    return [
        (authorities.add_AuthoritiesServiceServicer_to_server, AuthoritiesServicer(runtime)),
        (matters.add_MattersServiceServicer_to_server, MattersServicer(runtime)),
        (check_forms.add_CheckFormsServiceServicer_to_server, CheckFormsServicer(runtime)),
        (joint_lists.add_JointListsServiceServicer_to_server, JointListsServicer(runtime)),
        (annual_caps.add_AnnualCapsServiceServicer_to_server, AnnualCapsServicer(runtime)),
        (plans.add_PlansServiceServicer_to_server, PlansServicer(runtime)),
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
