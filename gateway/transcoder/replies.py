"""gRPC reply message → HTTP reply, as one binding says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message as Header
from typing import Any
from urllib.parse import quote

import orjson
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from liangma.type.v1 import attachment_pb2

from gateway.transcoder.contract import Binding, Operation
from gateway.transcoder.templates import MANY, ONE
from services.chassis.descriptors import is_http_body, type_of
from services.chassis.proto_json import Renderers

JSON, NDJSON = "application/json", "application/x-ndjson"
# What a service sends as it is may be anything, so a browser is told to run nothing of it.
_FOREIGN_CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


_ENDINGS = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/json": ".json",
    "text/csv": ".csv",
    "image/png": ".png",
    "image/svg+xml": ".svg",
}


@dataclass(frozen=True)
class HttpReply:
    """Headers and body of a reply.

    Args:
        headers: by lower-case name.
        body: all of it, or one part of a stream.
    """

    headers: dict[str, str]
    body: bytes


Write = Callable[[Any], HttpReply]


def reply_writer(operation: Operation, binding: Binding, renderers: Renderers) -> Write:
    """What writes the replies of one binding; for a stream, each of its parts."""
    descriptor = type_of(operation.reply)
    if not binding.reply_body:
        return _of_message(descriptor, renderers, binding, operation.streams)
    field = descriptor.fields_by_name[binding.reply_body]
    if is_http_body(field.message_type):
        return lambda reply: _as_it_is(getattr(reply, field.name), binding)
    render, line = renderers.of_field(field), operation.streams
    return lambda reply: _json(render(getattr(reply, field.name)), reply, line)


def _of_message(kind: Descriptor, renderers: Renderers, binding: Binding, is_line: bool) -> Write:
    if is_http_body(kind):
        return lambda reply: _as_it_is(reply, binding)
    render = renderers.of(kind)
    return lambda reply: _json(render(reply), reply, is_line)


def _json(value: Any, reply: Message, is_line: bool) -> HttpReply:
    if is_line:
        return HttpReply({"content-type": NDJSON}, orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    headers = {"content-type": JSON, "cache-control": "no-store"}
    etag = getattr(reply, "etag", "")
    if etag and isinstance(etag, str):
        headers["etag"] = '"' + quote(etag, safe="!#$%&'()*+,-./:;<=>?@[]^_`{|}~") + '"'
    return HttpReply(headers, orjson.dumps(value))


def _as_it_is(body: Any, binding: Binding) -> HttpReply:
    headers = {
        "content-type": body.content_type or "application/octet-stream",
        "content-security-policy": _FOREIGN_CONTENT_POLICY,
        "cache-control": "no-store",
    }
    if name := file_name(body):
        headers["content-disposition"] = disposition(name)
    elif name := _name_by_path(binding, body.content_type):
        headers["content-disposition"] = disposition(name, "inline")
    return HttpReply(headers, body.data)


def _name_by_path(binding: Binding, content_type: str) -> str:
    """What to call a file that has no name, when somebody saves it: `objects.xlsx` for `/v1/objects:export`."""
    ending = _ENDINGS.get(content_type.partition(";")[0].strip())
    words = [segment for segment in binding.template.segments if segment not in (ONE, MANY)]
    return f"{words[-1]}{ending}" if words and ending else ""


def file_name(body: Any) -> str:
    """The name a file reply carries: that of an Attachment among its extensions, else its content type's `name`."""
    for extension in body.extensions:
        if extension.Is(attachment_pb2.Attachment.DESCRIPTOR):
            attachment = attachment_pb2.Attachment()
            extension.Unpack(attachment)
            return attachment.name
    header = Header()
    header["content-type"] = body.content_type.replace("\r", "").replace("\n", "")
    return header.get_filename("") or ""


def disposition(name: str, kind: str = "attachment") -> str:
    """A Content-Disposition header that names a file in any script."""
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"
