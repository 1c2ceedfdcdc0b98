"""The contract as the gateway needs it: every RPC with the HTTP methods and paths that reach it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import liangma
from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from liangma.type.v1 import access_pb2

from gateway.transcoder.templates import BadTemplate, Template

_PACKAGE = re.compile(r"liangma\.(?P<service>\w+)\.v\d+\w*")


class BadContract(ValueError):
    """Mapping rules in the protos that cannot be served; the message names every one."""

    def __init__(self, faults: Iterable[str]) -> None:
        super().__init__("the contract cannot be served:\n  " + "\n  ".join(faults))


@dataclass(frozen=True)
class Binding:
    """One HTTP method and path that reach an RPC.

    Args:
        http_method: `GET`, …; `*`: any.
        template: the path.
        body: field that the request body goes into; `*`: the message itself; empty: no body.
        reply_body: field of the reply that is sent; empty: the message itself.
    """

    http_method: str
    template: Template
    body: str
    reply_body: str


@dataclass(frozen=True, eq=False)
class Batch:
    """An RPC that answers many requests of another one at once.

    Args:
        name: its full name.
        request: class of its request.
        reply: class of its reply.
        asked: the field of its request that holds the requests.
        answered: the field of its reply that holds the replies, in the same order.
    """

    name: str
    request: type[Message]
    reply: type[Message]
    asked: str
    answered: str

    @classmethod
    def of(cls, method: MethodDescriptor) -> Batch | None:
        """The batch of an RPC, if it has one.

        Raises:
            ValueError: what its option names is no batch of it.
        """
        name: str = method.GetOptions().Extensions[access_pb2.batch]
        if not name:
            return None
        service = method.containing_service
        batch = service.methods_by_name.get(name)
        if batch is None:
            raise ValueError(f"its batch {name!r} is no method of {service.full_name}")
        asked, answered = (
            _only_list(batch.input_type, method.input_type),
            _only_list(batch.output_type, method.output_type),
        )
        if not batch.GetOptions().Extensions[access_pb2.access].public:
            raise ValueError(f"its batch {name!r} is not for everybody")
        request, reply = GetMessageClass(batch.input_type), GetMessageClass(batch.output_type)
        return cls(f"{service.full_name}/{name}", request, reply, asked, answered)


@dataclass(frozen=True, eq=False)
class Operation:
    """An RPC that clients reach through HTTP.

    Args:
        method: its descriptor.
        bindings: how it is reached, the main one first.
        request: class of its request.
        reply: class of its reply.
        access: who may call it.
        streams: whether it answers with a stream.
        batch: answers many of its requests at once, the same for everybody.
    """

    method: MethodDescriptor
    bindings: tuple[Binding, ...]
    request: type[Message]
    reply: type[Message]
    access: access_pb2.Access
    streams: bool
    batch: Batch | None = None

    @property
    def name(self) -> str:
        """Full name as gRPC writes it in paths: `liangma.plans.v1.PlansService/SubmitPlan`."""
        return f"{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def service(self) -> str:
        """The service that answers, e.g. `plans`."""
        return service_name(self.method.containing_service)


class Contract:
    """All services of the platform.

    Args:
        services: their descriptors.

    Raises:
        BadContract: a mapping rule cannot be served.
    """

    def __init__(self, services: Iterable[ServiceDescriptor]) -> None:
        self.services = sorted(services, key=lambda service: service.full_name)
        faults: list[str] = []
        self.operations = [op for service in self.services for op in _operations(service, faults)]
        faults += _clashes(self.operations)
        if faults:
            raise BadContract(faults)
        self._by_name = {operation.name: operation for operation in self.operations}

    @classmethod
    def of_files(cls, files: Iterable[FileDescriptor]) -> Contract:
        """The contract that these proto files make up."""
        return cls(service for file in files for service in file.services_by_name.values())

    @classmethod
    def installed(cls) -> Contract:
        """The contract of all `liangma.*.v*` modules that are installed."""
        modules = {".".join(path) for root in liangma.__path__ for path in _generated_modules(Path(root))}
        return cls.of_files(importlib.import_module(name).DESCRIPTOR for name in sorted(modules))

    def operation(self, name: str) -> Operation | None:
        """The operation of this full name, if it is part of the contract."""
        return self._by_name.get(name)

    @property
    def service_names(self) -> list[str]:
        """The services that answer, e.g. `plans`."""
        return sorted({service_name(service) for service in self.services})


def service_name(service: ServiceDescriptor) -> str:
    """The word between `liangma.` and the version in a package name."""
    match = _PACKAGE.fullmatch(service.file.package)
    return match["service"] if match else service.file.package


def _generated_modules(root: Path) -> Iterator[tuple[str, ...]]:
    for file in root.glob("*/v*/*_pb2.py"):
        yield "liangma", file.parent.parent.name, file.parent.name, file.stem


def _operations(service: ServiceDescriptor, faults: list[str]) -> Iterator[Operation]:
    for method in service.methods:
        options = method.GetOptions()
        if not options.HasExtension(annotations_pb2.http):
            continue
        try:
            yield Operation(
                method,
                tuple(_bindings(method, options.Extensions[annotations_pb2.http])),
                GetMessageClass(method.input_type),
                GetMessageClass(method.output_type),
                options.Extensions[access_pb2.access],
                method.server_streaming,
                Batch.of(method),
            )
        except ValueError as fault:
            faults.append(f"{method.full_name}: {fault}")


def _only_list(message: Descriptor, of: Descriptor) -> str:
    """The name of a message's only field, which is a list of others."""
    names = [field.name for field in message.fields if field.is_repeated and field.message_type == of]
    if len(message.fields) != 1 or not names:
        raise ValueError(f"{message.full_name} is not one list of {of.full_name}")
    return names[0]


def _bindings(method: MethodDescriptor, main: HttpRule) -> Iterator[Binding]:
    if method.client_streaming:
        raise ValueError("a stream of requests cannot be mapped")
    for rule in (main, *main.additional_bindings):
        if rule is not main and rule.additional_bindings:
            raise ValueError("additional_bindings may not be nested")
        yield _binding(method, rule)


def _binding(method: MethodDescriptor, rule: HttpRule) -> Binding:
    pattern = rule.WhichOneof("pattern")
    if pattern is None:
        raise BadTemplate("", "the rule has no path")
    custom = pattern == "custom"
    http_method = rule.custom.kind if custom else pattern.upper()
    template = Template.parse(rule.custom.path if custom else getattr(rule, pattern))
    for variable in template.variables:
        _check_variable(method.input_type, variable.field)
    _check_body(method.input_type, rule.body if rule.body != "*" else "")
    _check_body(method.output_type, rule.response_body)
    return Binding(http_method, template, rule.body, rule.response_body)


def _check_variable(message: Descriptor, path: str) -> None:
    *parents, last = path.split(".")
    for name in parents:
        field = _field(message, name)
        if field.message_type is None or field.is_repeated:
            raise ValueError(f"{name!r} of path variable {path!r} holds no fields")
        message = field.message_type
    field = _field(message, last)
    if field.message_type is not None or field.is_repeated:
        raise ValueError(f"path variable {path!r} is not a single primitive value")


def _check_body(message: Descriptor, name: str) -> None:
    if name:
        _field(message, name)


def _field(message: Descriptor, name: str) -> FieldDescriptor:
    field = message.fields_by_name.get(name)
    if field is None:
        raise ValueError(f"{message.full_name} has no field {name!r}")
    return field


def _clashes(operations: Iterable[Operation]) -> Iterator[str]:
    seen: dict[tuple[object, ...], str] = {}
    for operation in operations:
        for binding in operation.bindings:
            key = (binding.http_method, binding.template.segments, binding.template.verb)
            other = seen.setdefault(key, operation.name)
            if other != operation.name:
                yield f"{operation.name}: {binding.http_method} {binding.template.text} already reaches {other}"
