"""Protobuf → JSON values, compiled once per message type: what `json_format` prints, many times faster.

Fields with presence (messages, `optional`, members of a oneof) are there when they are set; those without it always,
so that clients see every field, or when they are not empty and not 0, where brevity counts.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from keyword import iskeyword
from operator import itemgetter
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.chassis.descriptors import enum_of, is_map, is_wrapper, map_key, map_value, message_of

Render = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_as_list = itemgetter(slice(None))  # the quickest way to the items of a repeated field
_LONG = {FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}
_BY_JSON_FORMAT = {
    f"google.protobuf.{name}" for name in ("Any", "Duration", "FieldMask", "ListValue", "Struct", "Value")
}


class Renderers:
    """The renderers of all message types that were asked for; threads may share them.

    Args:
        print_empty: whether fields without presence are there when they are empty or 0.
    """

    def __init__(self, *, print_empty: bool = True) -> None:
        self._known: dict[str, Render] = {"google.protobuf.Timestamp": _timestamp}
        self._print_empty = print_empty

    def of(self, message: Descriptor) -> Render:
        """What turns a message of this type into a JSON value."""
        known = self._known.get(message.full_name)
        return known or self._known.setdefault(message.full_name, self._compile(message))

    def of_field(self, field: FieldDescriptor) -> Render:
        """What turns the value of this field into a JSON value."""
        if is_map(field):
            value = self.of_field(map_value(field))
            key = _bool_key if map_key(field).cpp_type == FieldDescriptor.CPPTYPE_BOOL else str
            return lambda entries: {key(k): value(entries[k]) for k in sorted(entries)}
        if not field.is_repeated:
            return self._single(field) or _same
        if field.message_type is not None:
            part = message_of(field)
            return lambda items: list(map(self.of(part), items))
        single = self._single(field)
        return _as_list if single is None else lambda items: list(map(single, items))

    def _compile(self, message: Descriptor) -> Render:
        if message.full_name in _BY_JSON_FORMAT:
            return partial(json_format.MessageToDict, always_print_fields_with_no_presence=self._print_empty)
        if is_wrapper(message):
            value = self.of_field(message.fields_by_name["value"])
            return lambda wrapper: value(wrapper.value)
        return self._compile_plain(message)

    def _compile_plain(self, message: Descriptor) -> Render:
        """A function in which every field is written out: it takes half the time of a walk through a list of them."""
        known: dict[str, Any] = {
            f"convert{number}": self.of_field(field) for number, field in enumerate(message.fields)
        }
        lines = (
            self._line(field, known[convert], convert) for field, convert in zip(message.fields, known, strict=True)
        )
        source = "\n ".join(["def render(message):", "result = {}", *lines, "return result"])
        exec(source, known)  # noqa: S102 (the names in it are those of our contracts)
        return known["render"]  # type: ignore[no-any-return]

    def _line(self, field: FieldDescriptor, convert: Render, called: str) -> str:
        """What a renderer does about a field."""
        value = f"getattr(message, {field.name!r})" if iskeyword(field.name) else f"message.{field.name}"
        put = f"result[{field.json_name!r}] = {'%s' if convert is _same else f'{called}(%s)'}"
        if field.has_presence:
            return f"if message.HasField({field.name!r}): {put % value}"
        return put % value if self._print_empty else f"if given := {value}: {put % 'given'}"

    def _of_part(self, message: Descriptor) -> Render:
        """What turns a part of this type into a JSON value; compiled at the first one: it may hold its own kind."""

        def render(value: Any) -> Any:
            return self.of(message)(value)

        return render

    def _single(self, field: FieldDescriptor) -> Render | None:
        """What turns one value of the field into a JSON value; None: it is one already."""
        kind = field.cpp_type
        if kind == FieldDescriptor.CPPTYPE_MESSAGE:
            return self._of_part(message_of(field))
        if kind == FieldDescriptor.CPPTYPE_ENUM:
            return _enum(enum_of(field))
        if kind in _LONG:
            return str
        if kind == FieldDescriptor.CPPTYPE_FLOAT:
            return _float
        if kind == FieldDescriptor.CPPTYPE_DOUBLE:
            return _double
        return _bytes if field.type == FieldDescriptor.TYPE_BYTES else None


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
