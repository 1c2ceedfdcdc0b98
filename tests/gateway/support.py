"""A gateway behind a real socket, and services that answer what a test wants."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import structlog
import uvicorn
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2_grpc
from grpc_status import rpc_status

from gateway.app import build
from gateway.identity.issuer import Issuer
from gateway.openapi.comments import Comments
from gateway.settings import GatewaySettings
from gateway.transcoder.contract import Contract

Answer = Callable[[Any, grpc.ServicerContext], Any]


class FakeServices(grpc.GenericRpcHandler):
    """Services that answer as they are told and remember what they were asked.

    Args:
        contract: what they offer.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, Any, dict[str, str]]] = []

    @property
    def request(self) -> Any:
        """The last request."""
        return self.asked[-1][1]

    @property
    def metadata(self) -> dict[str, str]:
        """What came with the last request."""
        return self.asked[-1][2]

    def service(self, call_details: Any) -> Any:
        """The handler of a method, as grpc asks for it."""
        operation = self._contract.operation(call_details.method[1:])
        answer = self.answers.get(call_details.method.rpartition("/")[2])
        if operation is None or answer is None:
            return None
        metadata = {key: value for key, value in call_details.invocation_metadata if isinstance(value, str)}

        def handle(request: Message, context: grpc.ServicerContext) -> Any:
            self.asked.append((operation.method.name, request, metadata))
            return answer(request, context)

        make = grpc.unary_stream_rpc_method_handler if operation.streams else grpc.unary_unary_rpc_method_handler
        return make(handle, operation.request.FromString, operation.reply.SerializeToString)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Served on an address of their own."""
        server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1)])
        server.add_generic_rpc_handlers((self,))
        health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


@contextmanager
def quiet() -> Iterator[None]:
    """No log lines on the terminal; tests can still capture them."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An ASGI application behind a real socket."""
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def settings(directory: Path, **given: Any) -> GatewaySettings:
    """Settings of a gateway that keeps its things in a directory."""
    return GatewaySettings(var_dir=directory, **given)


class Door:
    """A gateway that runs.

    Args:
        url: where.
        services: what stands behind it.
        directory: its var directory.
        log: its access log.
    """

    def __init__(self, url: str, services: FakeServices, directory: Path, log: list[dict[str, Any]]) -> None:
        self.url = url
        self.log = log
        self.services = services
        self.directory = directory
        self.issuer = Issuer(directory / "identity", "liangma-embedded", "liangma", 3600)

    def token(self, subject: str = "somebody", **claims: Any) -> str:
        """A token of the issuer the gateway trusts."""
        return self.issuer.token(subject, {"roles": ["planner"], **claims})

    def client(self, token: str | None = "", **headers: str) -> httpx.Client:
        """A client; signed in unless its token is None."""
        signed = {} if token is None else {"authorization": f"Bearer {token or self.token()}"}
        return httpx.Client(base_url=self.url, headers=signed | headers, trust_env=False, timeout=30)


@contextmanager
def door(
    contract: Contract, directory: Path, comments: Callable[[], Comments] = Comments.installed, **given: Any
) -> Iterator[Door]:
    """A gateway before fake services, behind a real socket."""
    services = FakeServices(contract)
    with services.running() as address:
        log: list[dict[str, Any]] = []
        configured = settings(directory, **given)
        app = build(configured, contract, address=lambda _: address, comments=comments, log=log.append)
        with served(app) as url:
            yield Door(url, services, directory, log)


def refuse(
    context: grpc.ServicerContext,
    code: grpc.StatusCode,
    reason: str = "",
    zh: str = "",
    en: str = "",
    violations: Mapping[str, tuple[str, str, str]] | None = None,
    **metadata: str,
) -> Any:
    """Refuse a call as the chassis does."""
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=reason, domain="liangma", metadata=metadata)]
    details += [error_details_pb2.LocalizedMessage(locale=k, message=m) for k, m in (("zh-CN", zh), ("en-US", en)) if m]
    if violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=field,
                        reason=rule,
                        description=told_zh,
                        localized_message=error_details_pb2.LocalizedMessage(locale="en-US", message=told_en),
                    )
                    for field, (rule, told_zh, told_en) in violations.items()
                ]
            )
        )
    status = status_pb2.Status(code=code.value[0], message=en)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    context.abort_with_status(rpc_status.to_status(status))
