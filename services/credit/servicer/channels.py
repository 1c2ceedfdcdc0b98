"""ChannelsService."""

from __future__ import annotations

from collections.abc import Collection

from google.api.httpbody_pb2 import HttpBody
from liangma.credit.v1 import channels_pb2 as pb
from liangma.credit.v1 import channels_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import from_proto
from services.chassis.runtime import Runtime
from services.chassis.servicing import Call, Servicer, read, write
from services.credit import wire
from services.credit.model.channel import Channel, Vault
from services.credit.queries import delivery as queries
from services.credit.queries import sheets
from services.credit.tables import deliveries
from services.credit.use_cases import channel as use_cases
from services.credit.use_cases.delivery import retry_delivery


class ChannelsServicer(Servicer, grpc.ChannelsServiceServicer):
    def __init__(self, runtime: Runtime, allowed_hosts: Collection[str], vault: Vault) -> None:
        super().__init__(runtime)
        self._allowed_hosts, self._vault = allowed_hosts, vault

    @write
    def CreateChannel(self, request: pb.CreateChannelRequest, call: Call) -> pb.Channel:
        channel = wire.channel_from_proto(request.channel)
        return wire.channel_to_proto(use_cases.create_channel(call.work, channel, self._allowed_hosts, self._vault))

    @read
    def GetChannel(self, request: pb.GetChannelRequest, call: Call) -> pb.Channel:
        return wire.channel_to_proto(call.work.get(Channel, request.channel_id))

    @read
    def ListChannels(self, request: pb.ListChannelsRequest, call: Call) -> pb.ListChannelsResponse:
        page = queries.list_channels(
            call.work.session,
            from_proto(request, queries.ChannelFilter),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return pb.ListChannelsResponse(channels=map(wire.channel_to_proto, page.items), page=wire.page_to_proto(page))

    @write
    def UpdateChannel(self, request: pb.UpdateChannelRequest, call: Call) -> pb.Channel:
        wanted = wire.channel_from_proto(request.channel)
        changed = use_cases.update_channel(
            call.work, request.channel.channel_id, wanted, self._allowed_hosts, self._vault, etag=request.etag
        )
        return wire.channel_to_proto(changed)

    @read
    def ListDeliveries(self, request: pb.ListDeliveriesRequest, call: Call) -> pb.ListDeliveriesResponse:
        page = queries.list_deliveries(
            call.work.session,
            from_proto(request, queries.DeliveryFilter),
            call.principal,
            today(call.now),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        rows = [wire.delivery_to_proto(delivery, today(call.now)) for delivery in page.items]
        return pb.ListDeliveriesResponse(deliveries=rows, page=wire.page_to_proto(page))

    @read
    def ExportDeliveries(self, request: pb.ListDeliveriesRequest, call: Call) -> HttpBody:
        shown = queries.shown_deliveries(from_proto(request, queries.DeliveryFilter), call.principal, today(call.now))
        return sheets.sheet(call.work.session, shown, [deliveries.c.delivery_id], sheets.DELIVERIES)

    @write
    def RetryDelivery(self, request: pb.RetryDeliveryRequest, call: Call) -> pb.Delivery:
        delivery = retry_delivery(call.work, request.delivery_id, now=call.now)
        return wire.delivery_to_proto(delivery, today(call.now))
