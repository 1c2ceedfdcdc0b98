"""proto3 JSON → messages, by readers compiled once per message type: many times faster than `json_format`.

A reader knows what facts are made of: text, numbers, truth values, enums, messages, and lists of them. Anything else,
and what does not fit, is left to `json_format`, which copes with it or says what is wrong. (A few slips pass here that
it refuses, such as 1 for true; none of ours makes them.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)
Read = Callable[[Any], Any]

_LONG = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)


def read_message(data: dict[str, Any], kind: type[M]) -> M:
    """A message of this kind; fields that this release does not know are left out.

    Raises:
        ParseError: the data does not fit the message.
    """
    try:
        return kind(**_reader(kind.DESCRIPTOR)(data))
    except (AttributeError, TypeError, ValueError):
        return json_format.ParseDict(data, kind(), ignore_unknown_fields=True)


@cache
def _reader(message: Descriptor) -> Read:
    """What turns a JSON object into what the message's class is called with."""
    if message.file.package == "google.protobuf":
        return _refuse
    names = {name: field.name for field in message.fields for name in (field.name, field.json_name)}
    converted = [(field.name, convert) for field in message.fields if (convert := _conversion(field))]

    def read(data: dict[str, Any]) -> dict[str, Any]:
        values = {names[key]: value for key, value in data.items() if key in names}
        for name, convert in converted:
            if name in values:
                values[name] = convert(values[name])
        return values

    return read


def _conversion(field: FieldDescriptor) -> Read | None:
    """What turns the field's JSON value into what the message's class takes; None: it is that already."""
    single = _single(field)
    if not field.is_repeated:
        return single

    def every(items: Any) -> list[Any]:
        if not isinstance(items, list):
            raise TypeError(f"{field.full_name} is a list")  # a text would pass for one
        return [single(item) for item in items] if single else items

    return every


def _single(field: FieldDescriptor) -> Read | None:
    if field.message_type:
        return partial(_nested, field.message_type)
    return _long if field.cpp_type in _LONG else None


def _nested(kind: Descriptor, value: Any) -> Any:
    return _reader(kind)(value)  # found when it is needed: a message may hold its own kind


def _long(value: Any) -> Any:
    return int(value) if isinstance(value, str) else value


def _refuse(_: Any) -> Any:
    raise TypeError("has a JSON form of its own")
