"""What one wants to know of a descriptor."""

from __future__ import annotations

from typing import cast

from google.api import httpbody_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

HTTP_BODY = httpbody_pb2.HttpBody.DESCRIPTOR.full_name
_WRAPPERS = "google/protobuf/wrappers.proto"
_TEXTUAL = {f"google.protobuf.{name}" for name in ("Timestamp", "Duration", "FieldMask")}


def type_of(message: Message | type[Message]) -> Descriptor:
    """The type of a message."""
    return cast("Descriptor", message.DESCRIPTOR)


def message_of(field: FieldDescriptor) -> Descriptor:
    """The type of the messages a field holds."""
    assert field.message_type is not None
    return field.message_type


def enum_of(field: FieldDescriptor) -> EnumDescriptor:
    """The type of the enum a field holds."""
    assert field.enum_type is not None
    return field.enum_type


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def map_key(field: FieldDescriptor) -> FieldDescriptor:
    """What the keys of a map are."""
    return message_of(field).fields_by_name["key"]


def map_value(field: FieldDescriptor) -> FieldDescriptor:
    """What the values of a map are."""
    return message_of(field).fields_by_name["value"]


def is_wrapper(message: Descriptor) -> bool:
    """Whether it is one of the well-known wrappers, which are JSON values of their own."""
    return message.file.name == _WRAPPERS


def is_http_body(message: Descriptor | None) -> bool:
    """Whether it is a file as it is."""
    return message is not None and message.full_name == HTTP_BODY


def is_leaf(field: FieldDescriptor) -> bool:
    """Whether one text says all of one value of the field."""
    kind = field.message_type
    return kind is None or kind.full_name in _TEXTUAL or is_wrapper(kind)
