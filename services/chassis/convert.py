"""Dataclasses ⇄ protobuf by the names of their fields, so that a service's wire module lists only what differs.

| dataclass             | message                                                        |
|-----------------------|----------------------------------------------------------------|
| StrEnum `DRAFT`       | enum `PLAN_STATE_DRAFT` of `PlanState`, or a string `DRAFT`     |
| datetime              | Timestamp, or an RFC 3339 string                               |
| date                  | string `YYYY-MM-DD`                                            |
| Decimal               | string                                                         |
| dataclass             | message                                                        |
| tuple, list, set      | repeated                                                       |
| dict                  | map                                                            |
| None                  | unset                                                          |
| `version`             | `etag`                                                         |
| `created_at`, `updated_at` | `create_time`, `update_time`                              |
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.errors import malformed

M = TypeVar("M", bound=Message)
D = TypeVar("D")

_ATTRIBUTES = {"create_time": "created_at", "update_time": "updated_at", "etag": "version"}
_SERVER_SIDE = {"created_at", "created_by", "updated_at", "updated_by", "version"}


def to_proto(thing: object, kind: type[M], **overrides: object) -> M:
    """A message of this kind, filled from the attributes of the same names.

    Args:
        overrides: values for fields that the thing does not have or has otherwise.
    """
    message = kind()
    for field in _fields(kind):  # type: ignore[arg-type]  # a class is hashable
        value = overrides[field.name] if field.name in overrides else _attribute(thing, field.name)
        if value is not None:
            _set(message, field, value)
    return message


def from_proto(message: Message, kind: type[D], **overrides: object) -> D:
    """A dataclass filled from the message's fields; what is unset takes the dataclass's default.

    Stamps and version are the server's and never read from a message.

    Raises:
        InvalidArgument: a date or decimal cannot be read; names its field.
    """
    return _build(message, kind, "", overrides)


def enum_name(descriptor: EnumDescriptor, number: int) -> str:
    """`DRAFT` for the number of `PLAN_STATE_DRAFT`; empty for the unspecified one."""
    value = descriptor.values_by_number.get(number)
    return "" if value is None or number == 0 else value.name.removeprefix(_prefix(descriptor))


@lru_cache(maxsize=1024)
def _fields(kind: Any) -> tuple[Any, ...]:
    return tuple(kind.DESCRIPTOR.fields)


@lru_cache(maxsize=1024)
def _prefix(descriptor: EnumDescriptor) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", descriptor.name).upper() + "_"


def _attribute(thing: object, name: str) -> object:
    if name == "etag":
        version = getattr(thing, "version", None)
        return None if version is None else str(version)
    return getattr(thing, _ATTRIBUTES.get(name, name), None)


def _set(message: Any, field: FieldDescriptor, value: Any) -> None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        _set_map(getattr(message, field.name), field, value)
    elif field.is_repeated:
        getattr(message, field.name).extend(_single(field, item) for item in value)
    elif field.message_type:
        getattr(message, field.name).CopyFrom(_single(field, value))
    else:
        setattr(message, field.name, _single(field, value))


def _set_map(target: Any, field: FieldDescriptor, value: dict[Any, Any]) -> None:
    assert field.message_type is not None
    inner: Any = field.message_type.fields_by_name["value"]
    for key, item in value.items():
        if inner.message_type:
            target[key].CopyFrom(_single(inner, item))
        else:
            target[key] = _single(inner, item)


def _single(field: FieldDescriptor, value: Any) -> Any:
    if isinstance(value, Message):
        return value
    if field.message_type is not None:
        kind = GetMessageClass(field.message_type)
        if kind is Timestamp:
            return _timestamp(value)
        return to_proto(value, kind)
    if field.enum_type is not None:
        return field.enum_type.values_by_name[_prefix(field.enum_type) + value].number if value else 0
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (StrEnum, Decimal)):
        return str(value)
    return value


def _timestamp(value: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(value.astimezone(UTC))
    return stamp


@lru_cache(maxsize=1024)
def _hints(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(kind) if field.init)


def _build(message: Message, kind: type[D], path: str, overrides: dict[str, Any]) -> D:
    known: Any = message.DESCRIPTOR.fields_by_name
    values = dict(overrides)
    for name, hint in _hints(kind):  # type: ignore[arg-type]  # a class is hashable
        if name in values or name in _SERVER_SIDE or name not in known:
            continue
        value = _read(message, known[name], hint, f"{path}{name}")
        if value is not None:
            values[name] = value
    return kind(**values)


def _read(message: Any, field: FieldDescriptor, hint: Any, path: str) -> Any:
    """None stands for unset: the dataclass's default is taken."""
    raw = getattr(message, field.name)
    if field.message_type and field.message_type.GetOptions().map_entry:
        inner: Any = field.message_type.fields_by_name["value"]
        item_hint = get_args(hint)[1]
        return {key: _one(inner, item, item_hint, f"{path}[{key}]") for key, item in raw.items()}
    if field.is_repeated:
        origin = get_origin(hint) or tuple
        item_hint = get_args(hint)[0] if get_args(hint) else Any
        return _collect(origin, (_one(field, v, item_hint, f"{path}[{i}]") for i, v in enumerate(raw)))
    if field.has_presence and not message.HasField(field.name):
        return None
    return _one(field, raw, hint, path)


def _collect(origin: Any, items: Iterable[Any]) -> Any:
    return origin(items) if origin in (list, set, frozenset, tuple) else tuple(items)


def _one(field: FieldDescriptor, raw: Any, hint: Any, path: str) -> Any:
    hint = _plain(hint)
    if field.enum_type is not None:
        name = enum_name(field.enum_type, raw)
        return (hint(name) if _is(hint, StrEnum) else name) if name else None
    if isinstance(raw, Timestamp):
        return raw.ToDatetime(tzinfo=UTC)
    if isinstance(raw, Message):
        return _build(raw, hint, f"{path}.", {}) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else raw
    if isinstance(raw, str):
        return _parse(raw, hint, path)
    return raw


def _parse(text: str, hint: Any, path: str) -> Any:
    if not any(_is(hint, kind) for kind in (datetime, date, Decimal, StrEnum)):
        return text
    if text == "":
        return None
    try:
        return hint.fromisoformat(text) if _is(hint, date) else hint(text)
    except (ValueError, InvalidOperation):
        zh = f"{path} 的值“{text}”无法识别，应为 {_EXPECTED.get(hint, '约定的取值之一')}"
        raise malformed(path, "FORMAT", zh, f"{path}: cannot read {text!r}") from None


_EXPECTED = {date: "YYYY-MM-DD 格式的日期", datetime: "RFC 3339 格式的时间", Decimal: "数字"}


def _plain(hint: Any) -> Any:
    """`X` for `X | None`."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(arg for arg in get_args(hint) if arg is not type(None))
    return hint


def _is(hint: Any, kind: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, kind)
