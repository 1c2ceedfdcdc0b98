"""One builder for every gRPC server: interceptors, health, reflection, limits, a graceful stop."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.chassis.attachments import AttachmentStore
from services.chassis.attachments_servicer import AttachmentsServicer
from services.chassis.identity import TokenVerifier
from services.chassis.interceptors import Surround
from services.chassis.servicing import add_to_server, descriptor_of
from services.chassis.settings import Settings

GREATEST_MESSAGE = 32 * 1024 * 1024
DRAIN_SECONDS = 20


class GrpcServer:
    """A server of the given servicers, and of attachments, which every server offers.

    Args:
        servicers: each fills in one service of the contract.
        settings: address, threads, TLS, issuer of tokens, where attachments are kept.

    Raises:
        OSError: the address is taken or cannot be bound; names it.
    """

    def __init__(self, servicers: Sequence[object], settings: Settings) -> None:
        servicers = [*servicers, attachments(settings)]
        descriptors = [descriptor_of(servicer) for servicer in servicers]
        methods: dict[str, MethodDescriptor] = {
            f"/{service.full_name}/{method.name}": method for service in descriptors for method in service.methods
        }
        verifier = TokenVerifier(settings.oidc_issuer, settings.oidc_audience, settings.jwks)
        self._server = grpc.server(
            ThreadPoolExecutor(settings.grpc_threads, thread_name_prefix="grpc"),
            interceptors=[Surround(methods, verifier)],
            options=[
                ("grpc.max_receive_message_length", GREATEST_MESSAGE),
                ("grpc.max_send_message_length", GREATEST_MESSAGE),
                ("grpc.so_reuseport", 0),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.max_connection_age_ms", 10 * 60_000),  # so that clients find new replicas
                ("grpc.max_connection_age_grace_ms", 60_000),
            ],
        )
        for servicer in servicers:
            add_to_server(servicer, self._server)
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [service.full_name for service in descriptors]
        reflected = (*names, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(reflected, self._server)
        self._names = ["", *names]
        self.port = self._bind(settings)

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()
        for name in self._names:
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def stop(self, grace: float = DRAIN_SECONDS) -> None:
        """Tell health checks, take no more calls, finish those in hand (at most `grace` seconds)."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()

    def _bind(self, settings: Settings) -> int:
        try:
            if settings.grpc_tls_certificate and settings.grpc_tls_key:
                pair = (_read(settings.grpc_tls_key), _read(settings.grpc_tls_certificate))
                return self._server.add_secure_port(settings.grpc_listen, grpc.ssl_server_credentials([pair]))
            return self._server.add_insecure_port(settings.grpc_listen)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {settings.grpc_listen} (LIANGMA_GRPC_LISTEN): {error}") from error


def attachments(settings: Settings) -> AttachmentsServicer:
    """The servicer of files, which belongs to no service and to every server."""
    return AttachmentsServicer(AttachmentStore(settings.attachments, limit=settings.upload_limit))


def _read(path: Path) -> bytes:
    return path.read_bytes()
