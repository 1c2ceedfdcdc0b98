"""How a gRPC method meets a use case: `@write` and `@read` open the unit of work around it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.chassis import validation
from services.chassis.idempotency import Memory
from services.chassis.identity import NOBODY, Principal
from services.chassis.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    import grpc

    from services.chassis.bus import Delivery
    from services.chassis.runtime import Runtime

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
S = TypeVar("S", bound="Servicer")

caller: ContextVar[Principal] = ContextVar("caller", default=NOBODY)
"""Who makes the call in hand; set by the identity interceptor."""


@dataclass(frozen=True)
class Call:
    """What a handler is given besides the message.

    Args:
        work: the open unit of work.
        principal: who calls.
        now: the instant of the call.
        runtime: the process's settings and stores.
        delivery: of a fact, how it came; None for a request.
    """

    work: UnitOfWork
    principal: Principal
    now: datetime
    runtime: Runtime
    delivery: Delivery | None = None


class OpensWork(Protocol):
    """What a runtime must be able to do here."""

    def unit_of_work(
        self, *, principal: Principal, now: datetime, read_only: bool = False
    ) -> AbstractContextManager[UnitOfWork]: ...


class Servicer:
    """Base of all servicers: holds the runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime


def descriptor_of(servicer: object) -> ServiceDescriptor:
    """What the contract says of the service that this servicer fills in."""
    generated = _generated(servicer)
    contract = import_module(generated.__module__.removesuffix("_grpc"))
    service: ServiceDescriptor = contract.DESCRIPTOR.services_by_name[generated.__name__.removesuffix("Servicer")]
    return service


def add_to_server(servicer: object, server: grpc.Server) -> None:
    """Let a server answer with this servicer."""
    generated = _generated(servicer)
    getattr(import_module(generated.__module__), f"add_{generated.__name__}_to_server")(servicer, server)


def _generated(servicer: object) -> type:
    """The class that was generated from the contract."""
    return next(base for base in type(servicer).__mro__ if base.__module__.endswith("_pb2_grpc"))


def write(method: Callable[[S, Request, Call], Response]) -> Callable[[S, Request, grpc.ServicerContext], Response]:
    """A method that changes something, once per `request_id`, in one transaction."""

    @functools.wraps(method)
    def handle(self: S, request: Request, context: grpc.ServicerContext) -> Response:
        validation.check(request)
        runtime, principal = self.runtime, caller.get()
        now = runtime.clock()
        with runtime.unit_of_work(principal=principal, now=now) as work:
            call = Call(work, principal, now, runtime)
            if not getattr(request, "request_id", ""):
                return method(self, request, call)
            memory = Memory.of(
                work.session,
                work.tables["idempotency"],
                subject=principal.subject,
                method=method.__qualname__,
                request=request,
            )
            first = memory.claim(now)
            if first is not None:
                return _answer_type(self, method.__name__).FromString(first)  # type: ignore[no-any-return]
            answer = method(self, request, call)
            memory.keep(answer)
            return answer

    return handle


def read(method: Callable[[S, Request, Call], Response]) -> Callable[[S, Request, grpc.ServicerContext], Response]:
    """A method that changes nothing."""

    @functools.wraps(method)
    def handle(self: S, request: Request, context: grpc.ServicerContext) -> Response:
        validation.check(request)
        runtime, principal = self.runtime, caller.get()
        now = runtime.clock()
        with runtime.unit_of_work(principal=principal, now=now, read_only=True) as work:
            return method(self, request, Call(work, principal, now, runtime))

    return handle


def read_stream(
    method: Callable[[S, Request, Call], Iterator[Response]],
) -> Callable[[S, Request, grpc.ServicerContext], Iterator[Response]]:
    """A method that changes nothing and answers with a stream."""

    @functools.wraps(method)
    def handle(self: S, request: Request, context: grpc.ServicerContext) -> Iterator[Response]:
        validation.check(request)
        return _stream(self, request, caller.get())

    def _stream(self: S, request: Request, principal: Principal) -> Iterator[Response]:
        runtime = self.runtime
        now = runtime.clock()
        with runtime.unit_of_work(principal=principal, now=now, read_only=True) as work:
            yield from method(self, request, Call(work, principal, now, runtime))

    return handle


def _answer_type(servicer: object, method: str) -> Any:
    """The message class the contract says this method answers with."""
    return GetMessageClass(descriptor_of(servicer).methods_by_name[method].output_type)
