"""Message types as JSON Schema, as their JSON mapping has them."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.openapi.comments import Comments
from services.chassis.descriptors import HTTP_BODY, is_map, is_wrapper, map_value

Schema = dict[str, Any]

_INTEGER32 = {"type": "integer", "format": "int32"}
_UNSIGNED32 = {"type": "integer", "format": "uint32", "minimum": 0}
_INTEGER64 = {"type": "string", "format": "int64"}
_UNSIGNED64 = {"type": "string", "format": "uint64"}
_SCALARS: dict[int, Schema] = {
    FieldDescriptor.CPPTYPE_INT32: _INTEGER32,
    FieldDescriptor.CPPTYPE_UINT32: _UNSIGNED32,
    FieldDescriptor.CPPTYPE_INT64: _INTEGER64,
    FieldDescriptor.CPPTYPE_UINT64: _UNSIGNED64,
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.CPPTYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "additionalProperties": True,
    },
    "google.protobuf.Empty": {"type": "object", "additionalProperties": False},
    HTTP_BODY: {"type": "string", "contentEncoding": "base64"},
}


class Schemas:
    """Schemas of all message and enum types that were asked for.

    Args:
        comments: become descriptions.
    """

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self.components: dict[str, Schema] = {}

    def of_message(self, message: Descriptor) -> Schema:
        """A reference to the schema of a message type, or the schema itself of a well-known one."""
        if message.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[message.full_name])
        if is_wrapper(message):
            value = self._single(message.fields_by_name["value"])
            return value | {"type": [value["type"], "null"]}
        name = component_name(message.full_name)
        if name not in self.components:
            self.components[name] = {}  # before its fields: a message may hold its own kind
            self.components[name] = self.inline(message)
        return {"$ref": f"#/components/schemas/{name}"}

    def inline(self, message: Descriptor, without: Container[str] = ()) -> Schema:
        """The schema of a message, leaving out the named fields."""
        fields = [field for field in message.fields if field.name not in without]
        schema: Schema = {
            "type": "object",
            "properties": {field.json_name: self.of_field(field) for field in fields},
        }
        if description := self._comments.of(message.full_name):
            schema["description"] = description
        if required := [field.json_name for field in fields if is_required(field)]:
            schema["required"] = required
        return schema

    def of_field(self, field: FieldDescriptor) -> Schema:
        """The schema of a field, with its description."""
        schema = self.of_value(field)
        if description := self._comments.of(field.full_name):
            schema["description"] = description
        behaviours = behaviours_of(field)
        if field_behavior_pb2.OUTPUT_ONLY in behaviours:
            schema["readOnly"] = True
        if field_behavior_pb2.INPUT_ONLY in behaviours:
            schema["writeOnly"] = True
        return schema

    def of_value(self, field: FieldDescriptor) -> Schema:
        """The schema of what a field holds."""
        if is_map(field):
            return {
                "type": "object",
                "additionalProperties": self.of_value(map_value(field)),
            }
        single = self._single(field)
        return {"type": "array", "items": single} if field.is_repeated else single

    def _single(self, field: FieldDescriptor) -> Schema:
        if field.message_type is not None:
            return self.of_message(field.message_type)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        return dict(_SCALARS[field.cpp_type])

    def _enum(self, enum: EnumDescriptor) -> Schema:
        if enum.full_name == "google.protobuf.NullValue":
            return {"type": "null"}
        name = component_name(enum.full_name)
        if name not in self.components:
            lines = [self._comments.of(enum.full_name), ""]
            said = ((value.name, self._comments.of(f"{enum.full_name}.{value.name}")) for value in enum.values)
            lines += [f"- `{value}`: {' '.join(text.split())}" for value, text in said]
            names = [value.name for value in enum.values]
            self.components[name] = {"type": "string", "enum": names, "description": "\n".join(lines).strip()}
        return {"$ref": f"#/components/schemas/{name}"}


def component_name(full_name: str) -> str:
    """`liangma.plans.v1.Plan` → `plans.v1.Plan`."""
    return full_name.removeprefix("liangma.")


def behaviours_of(field: FieldDescriptor) -> list[int]:
    """What `google.api.field_behavior` says of a field."""
    return list(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def is_required(field: FieldDescriptor) -> bool:
    """Whether a request must give the field."""
    return field_behavior_pb2.REQUIRED in behaviours_of(field)
