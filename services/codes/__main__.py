"""`python -m services.codes api|worker|migrate`: the only place where codes is wired."""

from __future__ import annotations

from services.chassis.runtime import Runtime, Service
from services.chassis.service import main
from services.codes import tables, wire


def servicers(runtime: Runtime) -> list[object]:
    """What an api process serves."""
    from services.codes.office import office
    from services.codes.servicer.codes import CodesServicer
    from services.codes.servicer.complaints import ComplaintsServicer
    from services.codes.servicer.devices import DevicesServicer
    from services.codes.servicer.enterprise_codes import EnterpriseCodesServicer
    from services.codes.servicer.evaluations import EvaluationsServicer
    from services.codes.servicer.external_results import ExternalResultsServicer
    from services.codes.servicer.histories import HistoriesServicer
    from services.codes.servicer.keys import KeysServicer
    from services.codes.servicer.receipts import ReceiptsServicer
    from services.codes.servicer.warnings import WarningsServicer

    office(runtime)  # bad settings are told now, not at the first call
    return [
        CodesServicer(runtime),
        ReceiptsServicer(runtime),
        DevicesServicer(runtime),
        KeysServicer(runtime),
        EnterpriseCodesServicer(runtime),
        ExternalResultsServicer(runtime),
        EvaluationsServicer(runtime),
        ComplaintsServicer(runtime),
        WarningsServicer(runtime),
        HistoriesServicer(runtime),
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
