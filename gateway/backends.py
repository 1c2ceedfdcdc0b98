"""The services behind the gateway: one gRPC channel per address, opened once and mended by gRPC itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.joining import Joint
from gateway.transcoder.contract import Batch, Operation

Metadata = Sequence[tuple[str, str]]

_NO_LIMIT = -1  # bodies are limited at the door
_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_send_message_length", _NO_LIMIT),
    ("grpc.max_receive_message_length", _NO_LIMIT),
    ("grpc.max_metadata_size", 1024 * 1024),  # a refusal may name very many fields
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # a service that comes back is found again within two seconds, not within gRPC's two minutes
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.lb_policy_name", "round_robin"),
]


class Backends:
    """Calls the services.

    Args:
        addresses: `host:port` (or any gRPC target) by service name.
        authority_file: PEM of who signed the services' certificates; None: plain text.
        timeout: seconds a call may take.
        stream_timeout: seconds a stream may take.
    """

    def __init__(
        self, addresses: Mapping[str, str], authority_file: Path | None, timeout: float, stream_timeout: float
    ) -> None:
        self._addresses = addresses
        self._credentials = authority_file and grpc.ssl_channel_credentials(authority_file.read_bytes())
        self._timeout = timeout
        self._stream_timeout = stream_timeout
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._calls: dict[str, Any] = {}
        self._joint: dict[str, Joint] = {}

    async def call(self, operation: Operation, request: Message, metadata: Metadata) -> Any:
        """The reply of a unary call.

        Raises:
            grpc.aio.AioRpcError: the service refused, or none answered.
        """
        return await self._callable(operation)(request, metadata=metadata, timeout=self._timeout)

    async def call_joined(self, operation: Operation, request: Message, metadata: Metadata) -> Any:
        """The reply of a unary call that nobody signed; of those that wait at once, many travel as one.

        Raises:
            grpc.aio.AioRpcError: the service refused, or none answered.
        """
        if operation.batch is None:
            return await self.call(operation, request, metadata)
        joint = self._joint.get(operation.name)
        if joint is None:
            joint = self._joint[operation.name] = self._join(operation, operation.batch)
        return await joint.call(request, metadata)

    def stream(self, operation: Operation, request: Message, metadata: Metadata) -> AsyncIterator[Any]:
        """The replies of a streaming call; leaving them early cancels it."""
        call: AsyncIterator[Any] = self._callable(operation)(request, metadata=metadata, timeout=self._stream_timeout)
        return call

    async def health(self, seconds: float = 1.0) -> dict[str, str]:
        """How each service says it is: `SERVING`, `NOT_SERVING`, or the gRPC code of the failure."""
        addresses = sorted(set(self._addresses.values()))
        states = dict(zip(addresses, await asyncio.gather(*(self._ask(a, seconds) for a in addresses)), strict=True))
        return {service: states[address] for service, address in self._addresses.items()}

    async def close(self) -> None:
        """Let calls under way finish, then close all channels."""
        await asyncio.gather(*(channel.close(grace=5) for channel in self._channels.values()))
        self._channels.clear()
        self._calls.clear()

    async def _ask(self, address: str, seconds: float) -> str:
        stub: Any = health_pb2_grpc.HealthStub(self._channel(address))
        try:
            reply = await stub.Check(health_pb2.HealthCheckRequest(), timeout=seconds)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)

    def _join(self, operation: Operation, batch: Batch) -> Joint:
        async def ask_many(requests: Sequence[Message], metadata: Metadata) -> Sequence[Any]:
            call = self._stub(operation.service, batch.name, batch.request, batch.reply)
            reply = await call(batch.request(**{batch.asked: requests}), metadata=metadata, timeout=self._timeout)
            return getattr(reply, batch.answered)  # type: ignore[no-any-return]

        return Joint(lambda request, metadata: self.call(operation, request, metadata), ask_many)

    def _callable(self, operation: Operation) -> Any:
        return self._stub(
            operation.service, operation.name, operation.request, operation.reply, streams=operation.streams
        )

    def _stub(
        self, service: str, name: str, request: type[Message], reply: type[Message], *, streams: bool = False
    ) -> Any:
        known = self._calls.get(name)
        if known is None:
            channel = self._channel(self._addresses[service])
            kind = channel.unary_stream if streams else channel.unary_unary
            known = self._calls[name] = kind(
                f"/{name}", request_serializer=request.SerializeToString, response_deserializer=reply.FromString
            )
        return known

    def _channel(self, address: str) -> grpc.aio.Channel:
        if address not in self._channels:
            self._channels[address] = (
                grpc.aio.secure_channel(address, self._credentials, options=_OPTIONS)
                if self._credentials
                else grpc.aio.insecure_channel(address, options=_OPTIONS)
            )
        return self._channels[address]
