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
    from services.credit.settings import credit_settings, vault_of

    allowed_hosts = credit_settings().allowed_hosts
    return [
        RatingsServicer(runtime),
        ModelsServicer(runtime),
        WhitelistsServicer(runtime),
        DisclosuresServicer(runtime),
        ChannelsServicer(runtime, allowed_hosts, vault_of(runtime)),
        RepairsServicer(runtime),
    ]


def subscriptions(runtime: Runtime) -> type:
    """What a worker process hears; its courier goes with it."""
    from services.credit.channels import senders
    from services.credit.courier import Courier
    from services.credit.settings import credit_settings, vault_of
    from services.credit.subscriptions import CreditSubscriptions

    settings, vault = credit_settings(), vault_of(runtime)
    ways = senders(settings.allowed_hosts, settings.directories(runtime.settings), vault)
    own = {"courier": Courier(runtime, ways), "vault": vault}
    return type("CreditSubscriptions", (CreditSubscriptions,), own)


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
