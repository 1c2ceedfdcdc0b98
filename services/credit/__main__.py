"""`python -m services.credit api|worker|migrate`: the only place where credit is wired."""

from __future__ import annotations

from services.chassis.service import AddServicer, Runtime, Service, main
from services.credit import tables, wire


def servicers(runtime: Runtime) -> list[tuple[AddServicer, object]]:
    """What an api process serves."""
    from liangma.credit.v1 import channels_pb2_grpc as channels
    from liangma.credit.v1 import disclosures_pb2_grpc as disclosures
    from liangma.credit.v1 import models_pb2_grpc as models
    from liangma.credit.v1 import ratings_pb2_grpc as ratings
    from liangma.credit.v1 import repairs_pb2_grpc as repairs
    from liangma.credit.v1 import whitelists_pb2_grpc as whitelists

    from services.credit.servicer.channels import ChannelsServicer
    from services.credit.servicer.disclosures import DisclosuresServicer
    from services.credit.servicer.models import ModelsServicer
    from services.credit.servicer.ratings import RatingsServicer
    from services.credit.servicer.repairs import RepairsServicer
    from services.credit.servicer.whitelists import WhitelistsServicer
    from services.credit.settings import credit_settings

    allowed_hosts = credit_settings().allowed_hosts
    return [
        (ratings.add_RatingsServiceServicer_to_server, RatingsServicer(runtime)),
        (models.add_ModelsServiceServicer_to_server, ModelsServicer(runtime)),
        (whitelists.add_WhitelistsServiceServicer_to_server, WhitelistsServicer(runtime)),
        (disclosures.add_DisclosuresServiceServicer_to_server, DisclosuresServicer(runtime)),
        (channels.add_ChannelsServiceServicer_to_server, ChannelsServicer(runtime, allowed_hosts)),
        (repairs.add_RepairsServiceServicer_to_server, RepairsServicer(runtime)),
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
