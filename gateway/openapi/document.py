"""The OpenAPI 3.1 document of a contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from liangma.type.v1 import access_pb2

from gateway.openapi.comments import Comments
from gateway.openapi.own import own_paths, own_schemas, own_tags
from gateway.openapi.schemas import Schema, Schemas, component_name, is_required
from gateway.transcoder.contract import Binding, Contract, Operation
from gateway.transcoder.replies import JSON, NDJSON
from gateway.transcoder.templates import MANY, ONE
from services.chassis.descriptors import is_http_body, is_leaf, is_map, message_of, type_of

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
_HEADERS = {
    "request_id": (
        "Idempotency-Key",
        "Any text that is new for a new request. Repeating a request with it gives the first answer again.",
    ),
    "etag": ("If-Match", "The `ETag` (or `etag`) the caller saw; if the resource has changed since, 409 ABORTED."),
}
_INTRODUCTION = """\
亮码开放接口。Every operation is an RPC of the contract in `protos/`; this document is derived from it.

- Messages are proto3 JSON: names in lowerCamelCase (those of the proto are read too), 64-bit integers as strings,
  instants as RFC 3339, enums by name. Fields that hold no message are always there in replies.
- Errors are `application/problem+json` (RFC 9457) with a stable `reason`, in the language of `Accept-Language` (zh-CN
  unless told, en).
- Lists take `pageSize`, `pageToken`, `orderBy`; streams are newline-delimited JSON, whose last line is
  `{"problem": …}` if they break off.
- `Idempotency-Key` stands for `requestId` and `If-Match` for `etag`, wherever the request message has them.
"""


class Document:
    """Builds the document.

    Args:
        contract: what there is.
        comments: what it says in words.
        version: of the platform.
        server: where it answers.
    """

    def __init__(self, contract: Contract, comments: Comments, version: str, server: str) -> None:
        self._contract = contract
        self._comments = comments
        self._version = version
        self._server = server
        self._schemas = Schemas(comments)

    def build(self) -> dict[str, Any]:
        """The document as a JSON value."""
        paths = self._paths()
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "亮码 Liangma",
                "version": self._version,
                "description": _INTRODUCTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": self._server}],
            "tags": [self._tag(service) for service in self._contract.services] + own_tags(),
            "paths": paths | own_paths(),
            "security": [{"bearer": []}],
            "components": {
                "schemas": dict(sorted((self._schemas.components | own_schemas()).items())),
                "responses": {"Problem": _PROBLEM_RESPONSE},
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            },
        }

    def _tag(self, service: ServiceDescriptor) -> Schema:
        return {"name": _tag_name(service), "description": self._comments.of(service.full_name)}

    def _paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for operation in self._contract.operations:
            for number, binding in enumerate(operation.bindings, 1):
                if binding.http_method in _METHODS:  # OpenAPI 3.1 knows no others
                    method = binding.http_method.lower()
                    paths.setdefault(_path(binding), {})[method] = self._operation(operation, binding, number)
        return paths

    def _operation(self, operation: Operation, binding: Binding, number: int) -> dict[str, Any]:
        name = operation.method.full_name
        service = _tag_name(operation.method.containing_service)
        described: dict[str, Any] = {
            "operationId": f"{service}.{operation.method.name}" + (f".{number}" if number > 1 else ""),
            "tags": [service],
            "summary": self._comments.summary(name),
            "description": f"{self._comments.of(name)}\n\n{_who(operation.access)}".strip(),
            "parameters": list(self._parameters(operation, binding)),
            "responses": {
                "200": self._reply(operation, binding),
                "default": {"$ref": "#/components/responses/Problem"},
            },
            "x-grpc-method": operation.name,
            "x-roles": list(operation.access.roles),
        }
        if operation.access.public:
            described["security"] = []
        if binding.body:
            described["requestBody"] = self._body(operation, binding)
        return described

    def _parameters(self, operation: Operation, binding: Binding) -> Iterator[Schema]:
        message = type_of(operation.request)
        bound = {variable.field for variable in binding.template.variables}
        yield from self._path_parameters(message, binding)
        if binding.body != "*":
            yield from self._query(message, "", "", bound | {binding.body}, (message,))
        for field, (header, said) in _HEADERS.items():
            if field in message.fields_by_name:
                yield {"name": header, "in": "header", "description": said, "schema": {"type": "string"}}

    def _path_parameters(self, message: Descriptor, binding: Binding) -> Iterator[Schema]:
        for index, name in _wildcards(binding).items():
            variable = next((v for v in binding.template.variables if v.start <= index and _covers(v.end, index)), None)
            field = _field_at(message, variable.field) if variable else None
            said = self._comments.of(field.full_name) if field else ""
            if binding.template.segments[index] == MANY:
                said = f"{said} May hold slashes.".strip()
            schema = self._schemas.of_value(field) if field else {"type": "string"}
            yield {"name": name, "in": "path", "required": True, "description": said, "schema": schema}

    def _query(
        self, message: Descriptor, path: str, json_path: str, without: set[str], inside: tuple[Descriptor, ...]
    ) -> Iterator[Schema]:
        for field in message.fields:
            name, json_name = f"{path}{field.name}", f"{json_path}{field.json_name}"
            if name in without or is_map(field):
                continue
            if is_leaf(field):
                yield {
                    "name": json_name,
                    "in": "query",
                    "required": is_required(field),
                    "description": self._comments.of(field.full_name),
                    "schema": self._schemas.of_value(field),
                }
            elif not field.is_repeated and message_of(field) not in inside and _has_plain_fields(message_of(field)):
                deeper = (*inside, message_of(field))
                yield from self._query(message_of(field), f"{name}.", f"{json_name}.", without, deeper)

    def _body(self, operation: Operation, binding: Binding) -> Schema:
        message = type_of(operation.request)
        if binding.body == "*":
            if is_http_body(message):
                return {"required": True, "content": _UPLOAD}
            top_level = {v.field for v in binding.template.variables if "." not in v.field}
            schema = self._schemas.inline(message, top_level)
            return {"required": bool(schema.get("required")), "content": {JSON: {"schema": schema}}}
        field = message.fields_by_name[binding.body]
        if is_http_body(field.message_type):
            return {"required": True, "content": _UPLOAD}
        return {"required": is_required(field), "content": {JSON: {"schema": self._schemas.of_value(field)}}}

    def _reply(self, operation: Operation, binding: Binding) -> Schema:
        message = type_of(operation.reply)
        field = message.fields_by_name[binding.reply_body] if binding.reply_body else None
        kind = field.message_type if field else message
        if is_http_body(kind):
            return {"description": "The file as it is.", "content": {"*/*": {}}}
        schema = self._schemas.of_value(field) if field else self._schemas.of_message(message)
        said = self._comments.of(message.full_name) or component_name(message.full_name)
        if operation.streams:
            return {"description": f"{said}\n\nOne per line.", "content": {NDJSON: {"schema": schema}}}
        reply: Schema = {"description": said, "content": {JSON: {"schema": schema}}}
        if "etag" in message.fields_by_name:
            reply["headers"] = {"ETag": {"description": "`etag` of the resource.", "schema": {"type": "string"}}}
        return reply


_UPLOAD: Schema = {
    "*/*": {},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    },
}
_PROBLEM_RESPONSE: Schema = {
    "description": "It was not done, and why (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _tag_name(service: ServiceDescriptor) -> str:
    package, name = component_name(service.full_name).split(".")[0], service.name
    return f"{package}.{name}"


def _who(access: access_pb2.Access) -> str:
    if access.public:
        return "Open to everybody."
    if access.roles:
        return f"Roles: {', '.join(f'`{role}`' for role in access.roles)}."
    return "For everybody who is signed in."


def _path(binding: Binding) -> str:
    names = _wildcards(binding)
    parts = (f"{{{names[i]}}}" if i in names else segment for i, segment in enumerate(binding.template.segments))
    verb = f":{binding.template.verb}" if binding.template.verb else ""
    return f"/{'/'.join(parts)}{verb}"


def _wildcards(binding: Binding) -> dict[int, str]:
    """Names for the wildcards of a path, by their index: a variable's own, numbered where it has several."""
    names: dict[int, str] = {}
    for index, segment in enumerate(binding.template.segments):
        if segment in (ONE, MANY):
            variable = next((v for v in binding.template.variables if v.start <= index and _covers(v.end, index)), None)
            base = _camel(variable.field) if variable else "part"
            taken = sum(name.startswith(base) for name in names.values())
            names[index] = base if not taken else f"{base}{taken + 1}"
    return names


def _covers(end: int | None, index: int) -> bool:
    return end is None or index < end


def _camel(path: str) -> str:
    head, *rest = path.rpartition(".")[2].split("_")
    return head + "".join(word.capitalize() for word in rest)


def _field_at(message: Descriptor, path: str) -> FieldDescriptor:
    *parents, last = path.split(".")
    for name in parents:
        message = message_of(message.fields_by_name[name])
    field: FieldDescriptor = message.fields_by_name[last]
    return field


def _has_plain_fields(message: Descriptor) -> bool:
    return message.file.package != "google.protobuf"


def operations_of(document: dict[str, Any]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of every operation in a document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation
