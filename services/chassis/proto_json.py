"""Protobuf → JSON values, compiled once per message type: what `json_format` prints, many times faster.

Fields without presence are always there, so that clients see every field; fields with presence (messages, `optional`,
members of a oneof) are there when they are set.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.chassis.descriptors import enum_of, is_map, is_wrapper, map_key, map_value, message_of

Render = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONG = {FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}
_BY_JSON_FORMAT = {
    f"google.protobuf.{name}" for name in ("Any", "Duration", "FieldMask", "ListValue", "Struct", "Value")
}


class Renderers:
    """The renderers of all message types that were asked for."""

    def __init__(self) -> None:
        self._known: dict[str, Render] = {"google.protobuf.Timestamp": _timestamp}

    def of(self, message: Descriptor) -> Render:
        """What turns a message of this type into a JSON value."""
        known = self._known.get(message.full_name)
        return known or self._compile(message)

    def of_field(self, field: FieldDescriptor) -> Render:
        """What turns the value of this field into a JSON value."""
        if is_map(field):
            value = self.of_field(map_value(field))
            key = _bool_key if map_key(field).cpp_type == FieldDescriptor.CPPTYPE_BOOL else str
            return lambda entries: {key(k): value(entries[k]) for k in entries}
        single = self._single(field)
        if field.is_repeated:
            return list if single is None else lambda items: [single(item) for item in items]
        return single or _same

    def _compile(self, message: Descriptor) -> Render:
        if message.full_name in _BY_JSON_FORMAT:
            return self._known.setdefault(message.full_name, _by_json_format)
        if is_wrapper(message):
            value = self.of_field(message.fields_by_name["value"])
            return self._known.setdefault(message.full_name, lambda wrapper: value(wrapper.value))
        return self._compile_plain(message)

    def _compile_plain(self, message: Descriptor) -> Render:
        always = [field for field in message.fields if not field.has_presence]
        names = [field.json_name for field in always]
        fetch = _fetch([field.name for field in always])
        converted: list[tuple[str, Render]] = []
        optional: list[tuple[str, str, Render]] = []

        def render(value: Any) -> dict[str, Any]:
            result = dict(zip(names, fetch(value), strict=True))
            for name, convert in converted:
                result[name] = convert(result[name])
            for name, attribute, convert in optional:
                if value.HasField(attribute):
                    result[name] = convert(getattr(value, attribute))
            return result

        self._known[message.full_name] = render  # before its fields are compiled: a message may hold its own kind
        converted += [(f.json_name, convert) for f in always if (convert := self.of_field(f)) is not _same]
        optional += [(f.json_name, f.name, self.of_field(f)) for f in message.fields if f.has_presence]
        return render

    def _single(self, field: FieldDescriptor) -> Render | None:
        """What turns one value of the field into a JSON value; None: it is one already."""
        kind = field.cpp_type
        if kind == FieldDescriptor.CPPTYPE_MESSAGE:
            return self.of(message_of(field))
        if kind == FieldDescriptor.CPPTYPE_ENUM:
            return _enum(enum_of(field))
        if kind in _LONG:
            return str
        if kind == FieldDescriptor.CPPTYPE_FLOAT:
            return _float
        if kind == FieldDescriptor.CPPTYPE_DOUBLE:
            return _double
        return _bytes if field.type == FieldDescriptor.TYPE_BYTES else None


def _fetch(attributes: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if not attributes:
        return lambda _: ()
    one = attrgetter(*attributes)
    return one if len(attributes) > 1 else lambda message: (one(message),)


def _same(value: Any) -> Any:
    return value


def _bool_key(key: bool) -> str:
    return "true" if key else "false"


def _enum(enum: EnumDescriptor) -> Render:
    if enum.full_name == "google.protobuf.NullValue":
        return lambda _: None
    names = {number: value.name for number, value in enum.values_by_number.items()}
    return lambda number: names.get(number, number)


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _float(value: float) -> float | str:
    """The shortest decimal that reads back as the same 32 bits."""
    if not math.isfinite(value):
        return _double(value)
    packed = struct.pack("<f", value)
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", short) == packed:
                return short
        except OverflowError:
            continue
    return float(f"{value:.9g}")


def _timestamp(value: Any) -> str:
    nanos = value.nanos
    try:
        text = (_EPOCH + timedelta(seconds=value.seconds)).isoformat()[:19]
    except OverflowError as error:
        raise ValueError(f"an instant out of range: {value.seconds} s") from error
    if not nanos:
        return f"{text}Z"
    if nanos % 1_000_000 == 0:
        return f"{text}.{nanos // 1_000_000:03d}Z"
    if nanos % 1_000 == 0:
        return f"{text}.{nanos // 1_000:06d}Z"
    return f"{text}.{nanos:09d}Z"


def _by_json_format(value: Any) -> Any:
    return json_format.MessageToDict(value, always_print_fields_with_no_presence=True)
