"""HTTP request → gRPC request message, as one binding says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson
from google.api import httpbody_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.problems import Problem, Violation, invalid
from gateway.transcoder.contract import Binding, Operation
from gateway.transcoder.forms import file_name
from gateway.transcoder.malformed import Malformed
from gateway.transcoder.parsing import Parsers
from gateway.transcoder.query import FieldWriter, fields_of
from services.chassis.descriptors import is_http_body, type_of

# HTTP headers that stand for a field of the request, when the message has it and the body does not give it
_HEADER_FIELDS = {"idempotency-key": "request_id", "if-match": "etag"}
_JSON = ("application/json", "text/json")


@dataclass(frozen=True)
class HttpRequest:
    """What the gateway needs to know of a request.

    Args:
        segments: the path's segments as they came, without the verb.
        query: the query as it came.
        headers: by lower-case name.
        body: all of it.
    """

    segments: Sequence[str]
    query: str
    headers: Mapping[str, str]
    body: bytes


class RequestReader:
    """Reads the requests of one binding.

    Args:
        operation: what is called.
        binding: how it was reached.
        parsers: compiled parsers, shared by all readers.
    """

    def __init__(self, operation: Operation, binding: Binding, parsers: Parsers) -> None:
        self._message = operation.request
        self._variables = binding.template.variables
        self._writer = FieldWriter(parsers)
        self._takes_query = binding.body != "*"
        self._path_fields = {variable.field for variable in self._variables}
        self._body_field = "" if binding.body == "*" else binding.body
        self._read_body = self._body_reader(operation, binding, parsers)
        fields = type_of(operation.request).fields_by_name
        self._header_fields = [(h, name) for h, name in _HEADER_FIELDS.items() if name in fields]
        self._names_file = _has_name_for_file(type_of(operation.request), self._body_field)

    def read(self, request: HttpRequest) -> Message:
        """The message that the request means.

        Raises:
            Problem: something in it does not fit; names every field at fault.
        """
        message = self._message()
        violations: list[Violation] = []
        for part in (self._from_body, self._from_path, self._from_query):
            try:
                part(message, request)
            except Malformed as malformed:
                violations += malformed.violations
        if violations:
            raise invalid(violations)
        self._from_headers(message, request.headers)
        return message

    def _from_body(self, message: Message, request: HttpRequest) -> None:
        self._read_body(message, request)

    def _from_path(self, message: Message, request: HttpRequest) -> None:
        for variable in self._variables:
            try:
                text = variable.value(request.segments)
            except UnicodeDecodeError:
                raise Malformed.field(variable.field, "STRING") from None
            self._writer.write(message, variable.field, [text])

    def _from_query(self, message: Message, request: HttpRequest) -> None:
        if not request.query:
            return
        violations: list[Violation] = []
        for path, values in self._parameters(request.query).items():
            try:
                if not self._may_be_given(message, path):
                    raise Malformed.field(path, "UNKNOWN_FIELD")
                self._writer.write(message, path, values)
            except Malformed as malformed:
                violations += malformed.violations
        if violations:
            raise Malformed(*violations)

    def _parameters(self, query: str) -> dict[str, list[str]]:
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=1000)
        except ValueError:
            raise Malformed(
                Violation("", "QUERY", "查询参数过多或编码有误", "the query has too many parameters or is not UTF-8")
            ) from None
        parameters: dict[str, list[str]] = {}
        for path, value in pairs:
            parameters.setdefault(path, []).append(value)
        return parameters

    def _may_be_given(self, message: Message, path: str) -> bool:
        names, at = list[str](), cast("Descriptor | None", type_of(message))
        for name in path.split("."):
            field = fields_of(at).get(name) if at is not None else None
            if field is None:
                return self._takes_query  # let the writer say what is unknown
            names.append(field.name)
            at = field.message_type
        return self._takes_query and names[0] != self._body_field and ".".join(names) not in self._path_fields

    def _from_headers(self, message: Message, headers: Mapping[str, str]) -> None:
        for header, name in self._header_fields:
            value = headers.get(header, "").removeprefix("W/").strip('"')
            if value and value != "*" and not getattr(message, name):
                setattr(message, name, value)
        if self._names_file and not message.name:  # type: ignore[attr-defined]
            message.name = file_name(headers)  # type: ignore[attr-defined]

    def _body_reader(
        self, operation: Operation, binding: Binding, parsers: Parsers
    ) -> Callable[[Message, HttpRequest], None]:
        descriptor = type_of(operation.request)
        if not binding.body:
            return _refuse_body
        if binding.body == "*":
            if is_http_body(descriptor):
                return _take_upload
            parse = parsers.of(descriptor)
            return lambda message, request: _parse_json(request, lambda value: parse(value, message), "{}")
        field = descriptor.fields_by_name[binding.body]
        if is_http_body(field.message_type):
            return lambda message, request: _take_upload(getattr(message, field.name), request)
        assign = parsers.of_field(field)

        def read(message: Message, request: HttpRequest) -> None:
            try:
                _parse_json(request, lambda value: assign(value, message), "null")
            except Malformed as malformed:
                raise malformed.under(field.name) from None

        return read


def require_json(headers: Mapping[str, str]) -> None:
    """Refuse a body that does not say it is JSON.

    Raises:
        Problem: it says something else.
    """
    media_type = headers.get("content-type", _JSON[0]).partition(";")[0].strip().lower()
    if media_type not in _JSON and not media_type.endswith("+json"):
        raise Problem(
            "INVALID_ARGUMENT",
            "UNSUPPORTED_MEDIA_TYPE",
            f"请求体应为 application/json，而不是 {media_type}",
            f"the body must be application/json, not {media_type}",
            status=415,
        )


def _parse_json(request: HttpRequest, use: Callable[[Any], None], absent: str) -> None:
    if request.body:
        require_json(request.headers)
    try:
        value = orjson.loads(request.body or absent)
    except orjson.JSONDecodeError as error:
        raise Malformed(
            Violation("", "JSON", f"请求体不是有效的 JSON：{error}", f"the body is not valid JSON: {error}")
        ) from error
    if value is not None:
        try:
            use(value)
        except RecursionError:
            raise Malformed.field("", "VALUE") from None


def _refuse_body(_: Message, request: HttpRequest) -> None:
    if request.body.strip() not in (b"", b"{}"):
        raise Malformed(Violation("", "NO_BODY", "此操作不接受请求体", "this operation takes no body"))


def _has_name_for_file(message: Descriptor, body_field: str) -> bool:
    """Whether the body is a file and a field beside it, `name`, is what the file is called."""
    if not body_field or not is_http_body(message.fields_by_name[body_field].message_type):
        return False
    name = message.fields_by_name.get("name")
    return name is not None and name.type == FieldDescriptor.TYPE_STRING and not name.is_repeated


def _take_upload(message: Message, request: HttpRequest) -> None:
    upload = httpbody_pb2.HttpBody(
        content_type=request.headers.get("content-type", "application/octet-stream"), data=request.body
    )
    message.MergeFromString(upload.SerializeToString())
