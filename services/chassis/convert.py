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
import functools
import types
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import inspect

from services.chassis.descriptors import is_map, map_value
from services.chassis.errors import malformed
from services.chassis.naming import snake_case

M = TypeVar("M", bound=Message)
D = TypeVar("D")
Convert = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ATTRIBUTES = {"create_time": "created_at", "update_time": "updated_at", "etag": "version"}
_SERVER_SIDE = {"created_at", "created_by", "updated_at", "updated_by", "version"}


def to_proto(thing: object, kind: type[M], **overrides: object) -> M:
    """A message of this kind, filled from the attributes of the same names.

    What is in hand is written out first, as before a query: writing it counts the version and fills the stamps.

    Args:
        overrides: values for fields that the thing does not have or has otherwise.
    """
    if _is_mapped(type(thing)):  # type: ignore[arg-type]
        _write_out(thing)
    values = {}
    for name, attribute, convert in _plan(kind):  # type: ignore[arg-type]  # a class is hashable
        value = overrides[name] if name in overrides else getattr(thing, attribute, None)
        if value is not None:
            values[name] = convert(value)
    return kind(**values)


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
def _prefix(descriptor: EnumDescriptor) -> str:
    return snake_case(descriptor.name).upper() + "_"


@lru_cache(maxsize=1024)
def _is_mapped(kind: Any) -> bool:
    return inspect(kind, raiseerr=False) is not None


def _write_out(thing: object) -> None:
    session = inspect(thing).session
    if session is not None:
        session.flush()


@lru_cache(maxsize=1024)
def _plan(kind: Any) -> tuple[tuple[str, str, Convert], ...]:
    """Of each field: its name, the attribute that fills it, and what turns that into what the message takes."""
    fields = kind.DESCRIPTOR.fields
    return tuple((field.name, _ATTRIBUTES.get(field.name, field.name), _converter(field)) for field in fields)


def _converter(field: FieldDescriptor) -> Convert:
    if field.name == "etag":
        return str
    if is_map(field):
        value = _single(map_value(field))
        return lambda items: {key: value(item) for key, item in items.items()}
    one = _single(field)
    return (lambda items: [one(item) for item in items]) if field.is_repeated else one


def _single(field: FieldDescriptor) -> Convert:
    if field.message_type is not None:
        kind = GetMessageClass(field.message_type)
        other = _timestamp if kind is Timestamp else functools.partial(to_proto, kind=kind)
        return lambda value: value if isinstance(value, Message) else other(value)
    if field.enum_type is not None:
        prefix = _prefix(field.enum_type)
        numbers = {value.name.removeprefix(prefix): value.number for value in field.enum_type.values}
        return lambda value: numbers[value] if value else 0
    return _text if field.type == FieldDescriptor.TYPE_STRING else _same


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, (StrEnum, Decimal)) else value


def _same(value: Any) -> Any:
    return value


def _timestamp(value: datetime) -> Timestamp:
    since = value - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


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
