"""`python -m services.codes api|worker|migrate`: the only place where codes is wired."""

from __future__ import annotations

from services.chassis.service import AddServicer, Runtime, Service, main
from services.codes import tables, wire


def servicers(runtime: Runtime) -> list[tuple[AddServicer, object]]:
    """What an api process serves."""
    from liangma.codes.v1 import codes_pb2_grpc as codes
    from liangma.codes.v1 import complaints_pb2_grpc as complaints
    from liangma.codes.v1 import enterprise_codes_pb2_grpc as enterprise_codes
    from liangma.codes.v1 import evaluations_pb2_grpc as evaluations
    from liangma.codes.v1 import histories_pb2_grpc as histories
    from liangma.codes.v1 import keys_pb2_grpc as keys
    from liangma.codes.v1 import warnings_pb2_grpc as warnings

    from services.codes.office import office
    from services.codes.servicer.codes import CodesServicer
    from services.codes.servicer.complaints import ComplaintsServicer
    from services.codes.servicer.enterprise_codes import EnterpriseCodesServicer
    from services.codes.servicer.evaluations import EvaluationsServicer
    from services.codes.servicer.histories import HistoriesServicer
    from services.codes.servicer.keys import KeysServicer
    from services.codes.servicer.warnings import WarningsServicer

    office(runtime)  # bad settings are told now, not at the first call
    return [
        (codes.add_CodesServiceServicer_to_server, CodesServicer(runtime)),
        (keys.add_KeysServiceServicer_to_server, KeysServicer(runtime)),
        (enterprise_codes.add_EnterpriseCodesServiceServicer_to_server, EnterpriseCodesServicer(runtime)),
        (evaluations.add_EvaluationsServiceServicer_to_server, EvaluationsServicer(runtime)),
        (complaints.add_ComplaintsServiceServicer_to_server, ComplaintsServicer(runtime)),
        (warnings.add_WarningsServiceServicer_to_server, WarningsServicer(runtime)),
        (histories.add_HistoriesServiceServicer_to_server, HistoriesServicer(runtime)),
    ]


def subscriptions(runtime: Runtime) -> type:
    """What a worker process hears."""
    from services.codes.office import office
    from services.codes.subscriptions import CodesSubscriptions

    office(runtime)
    return CodesSubscriptions


SERVICE = Service(
    name="codes",
    metadata=tables.metadata,
    map_model=tables.map_model,
    encode_event=wire.event_to_proto,
    servicers=servicers,
    subscriptions=subscriptions,
)

if __name__ == "__main__":
    main(SERVICE)
