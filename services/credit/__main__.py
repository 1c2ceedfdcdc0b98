"""`python -m services.credit api|worker|migrate`: the only place where credit is wired."""

from __future__ import annotations

from services.chassis.runtime import Runtime, Service
from services.chassis.service import main
from services.credit import tables, wire


def servicers(runtime: Runtime) -> list[object]:
    """What an api process serves."""
    from services.credit.servicer.channels import ChannelsServicer
    from services.credit.servicer.disclosures import DisclosuresServicer
    from services.credit.servicer.models import ModelsServicer
    from services.credit.servicer.ratings import RatingsServicer
    from services.credit.servicer.repairs import RepairsServicer
    from services.credit.servicer.whitelists import WhitelistsServicer
    from services.credit.settings import credit_settings

    allowed_hosts = credit_settings().allowed_hosts
    return [
        RatingsServicer(runtime),
        ModelsServicer(runtime),
        WhitelistsServicer(runtime),
        DisclosuresServicer(runtime),
        ChannelsServicer(runtime, allowed_hosts),
        RepairsServicer(runtime),
    ]


def subscriptions(runtime: Runtime) -> type:
    """What a worker process hears; its courier goes with it."""
    from services.credit.channels import senders
    from services.credit.courier import Courier
    from services.credit.settings import credit_settings
    from services.credit.subscriptions import CreditSubscriptions

    settings = credit_settings()
    ways = senders(settings.allowed_hosts, settings.directories(runtime.settings))
    return type("CreditSubscriptions", (CreditSubscriptions,), {"courier": Courier(runtime, ways)})


SERVICE = Service(
    name="credit",
    metadata=tables.metadata,
    map_model=tables.map_model,
    encode_event=wire.event_to_proto,
    servicers=servicers,
    subscriptions=subscriptions,
)

if __name__ == "__main__":
    main(SERVICE)
