"""JSON values → protobuf, compiled once per message type: what `json_format` reads, many times faster.

Where something does not fit, every field at fault is named, by its path in the message. It differs from `json_format`
in four points: refused are one field given under both its names, base64 with foreign characters (which `json_format`
drops in silence), and `[]` or `""` for a message; accepted is the greatest 32-bit float as it is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.problems import Violation
from gateway.transcoder.malformed import Malformed
from gateway.transcoder.scalars import INTEGERS, NOT_A_VALUE, Convert, bool_text, expectation, scalar
from services.chassis.descriptors import is_map, is_wrapper, map_key, map_value, message_of

Parse = Callable[[Any, Any], None]  # value, the message to fill
Assign = Callable[[Any, Any], None]  # value, the message whose field it goes into

_VALUE, _NULL = "google.protobuf.Value", "google.protobuf.NullValue"
_BY_JSON_FORMAT = {  # rare ones, and the rule a value breaks that does not fit
    "google.protobuf.Timestamp": "TIMESTAMP",
    "google.protobuf.Duration": "DURATION",
    "google.protobuf.FieldMask": "FIELD_MASK",
    "google.protobuf.Any": "ANY",
    "google.protobuf.Struct": "OBJECT",
    "google.protobuf.ListValue": "LIST",
    _VALUE: "VALUE",
}


class Parsers:
    """The parsers of all message types that were asked for."""

    def __init__(self) -> None:
        self._known: dict[str, Parse] = {}

    def of(self, message: Descriptor) -> Parse:
        """What reads a JSON value into an empty message of this type; it raises Malformed."""
        known = self._known.get(message.full_name)
        return known or self._compile(message)

    def of_field(self, field: FieldDescriptor) -> Assign:
        """What reads a JSON value into this field of an empty message; it raises Malformed without the field's name."""
        if is_map(field):
            return self._map(field)
        if field.is_repeated:
            return self._repeated(field)
        if field.message_type is not None:
            return self._nested(field)
        return _single(field)

    def _compile(self, message: Descriptor) -> Parse:
        name = message.full_name
        if name in _BY_JSON_FORMAT:
            return self._known.setdefault(name, _by_json_format(_BY_JSON_FORMAT[name]))
        if is_wrapper(message):
            return self._known.setdefault(name, _single(message.fields_by_name["value"]))
        return self._compile_plain(message)

    def _compile_plain(self, message: Descriptor) -> Parse:
        table: dict[str, tuple[FieldDescriptor, Assign]] = {}

        def parse(value: Any, target: Any) -> None:
            if not isinstance(value, dict):
                raise Malformed.field("", "OBJECT")
            violations: list[Violation] = []
            seen: set[str] = set()
            for name, item in value.items():
                if name not in table:
                    violations += Malformed.field(name, "UNKNOWN_FIELD").violations
                    continue
                field, assign = table[name]
                try:
                    _note(field, item, seen)
                    assign(item, target)
                except Malformed as malformed:
                    violations += malformed.under(field.name).violations
            if violations:
                raise Malformed(*violations)

        self._known[message.full_name] = parse  # before its fields are compiled: a message may hold its own kind
        for field in message.fields:
            table[field.name] = table[field.json_name] = field, _unless_null(field, self.of_field(field))
        return parse

    def _nested(self, field: FieldDescriptor) -> Assign:
        parse, name = self.of(message_of(field)), field.name

        def assign(value: Any, target: Any) -> None:
            nested = getattr(target, name)
            nested.SetInParent()
            parse(value, nested)

        return assign

    def _repeated(self, field: FieldDescriptor) -> Assign:
        name, nullable = field.name, _takes_null(field)
        append = self._append_message(message_of(field)) if field.message_type else _append_scalar(field)

        def assign(value: Any, target: Any) -> None:
            if not isinstance(value, list):
                raise Malformed.field("", "LIST")
            items = getattr(target, name)
            violations: list[Violation] = []
            for index, item in enumerate(value):
                try:
                    if item is None and not nullable:
                        raise Malformed.field("", "NOT_NULL")
                    append(item, items)
                except Malformed as malformed:
                    violations += malformed.under(f"[{index}]").violations
            if violations:
                raise Malformed(*violations)

        return assign

    def _append_message(self, message: Descriptor) -> Callable[[Any, Any], None]:
        parse, kind, plain = self.of(message), GetMessageClass(message), _plain(message)
        if message.full_name in _BY_JSON_FORMAT or is_wrapper(message):
            return lambda value, items: parse(value, items.add())

        def append(value: Any, items: Any) -> None:
            try:  # at one go: lists are long where registries are imported
                fields = {plain[name, type(item)]: item for name, item in value.items()}
                made = kind(**fields) if len(fields) == len(value) else None
            except NOT_A_VALUE:
                made = None
            if made is None:  # there is more to it, or something is at fault, and must be named
                parse(value, items.add())
            else:
                items.append(made)

        return append

    def _map(self, field: FieldDescriptor) -> Assign:
        name = field.name
        read_key, of_value = _map_key(map_key(field)), map_value(field)
        put = _put_message(self.of(of_value.message_type)) if of_value.message_type else _put_scalar(of_value)

        def assign(value: Any, target: Any) -> None:
            if not isinstance(value, dict):
                raise Malformed.field("", "OBJECT")
            entries = getattr(target, name)
            violations: list[Violation] = []
            for key, item in value.items():
                try:
                    put(item, entries, read_key(key))
                except Malformed as malformed:
                    violations += malformed.under(f"[{key}]").violations
            if violations:
                raise Malformed(*violations)

        return assign


def _note(field: FieldDescriptor, item: Any, seen: set[str]) -> None:
    """Remember that a field was given, and refuse it where it or its rival was given before."""
    if field.name in seen:
        raise Malformed.field("", "GIVEN_TWICE")
    seen.add(field.name)
    if field.containing_oneof is not None and item is not None:
        choice = f"oneof {field.containing_oneof.name}"
        if choice in seen:
            raise Malformed.field("", "ONE_OF")
        seen.add(choice)


def _plain(message: Descriptor) -> dict[tuple[str, type], str]:
    """The fields that take a text or a whole number just as JSON has it, by both their names."""
    return {
        (name, str if field.type == FieldDescriptor.TYPE_STRING else int): field.name
        for field in message.fields
        for name in (field.name, field.json_name)
        if (field.type == FieldDescriptor.TYPE_STRING or field.cpp_type in INTEGERS)
        and not (field.is_repeated or field.containing_oneof)
    }


def _takes_null(field: FieldDescriptor) -> bool:
    is_value = field.message_type is not None and field.message_type.full_name == _VALUE
    return is_value or (field.enum_type is not None and field.enum_type.full_name == _NULL)


def _unless_null(field: FieldDescriptor, assign: Assign) -> Assign:
    if not field.is_repeated and field.message_type is not None and field.message_type.full_name == _VALUE:
        return assign
    if not field.is_repeated and field.enum_type is not None and field.enum_type.full_name == _NULL:
        return lambda value, target: setattr(target, field.name, 0) if value is None else assign(value, target)
    return lambda value, target: None if value is None else assign(value, target)


def _single(field: FieldDescriptor) -> Assign:
    convert, rule = scalar(field)
    name = field.name

    def assign(value: Any, target: Any) -> None:
        try:
            setattr(target, name, convert(value))
        except NOT_A_VALUE as error:
            raise expectation(field, rule) from error

    return assign


def _append_scalar(field: FieldDescriptor) -> Callable[[Any, Any], None]:
    convert, rule = scalar(field)

    def append(value: Any, items: Any) -> None:
        try:
            items.append(convert(value))
        except NOT_A_VALUE as error:
            raise expectation(field, rule) from error

    return append


def _put_scalar(field: FieldDescriptor) -> Callable[[Any, Any, Any], None]:
    convert, rule = scalar(field)

    def put(value: Any, entries: Any, key: Any) -> None:
        try:
            entries[key] = convert(value)
        except NOT_A_VALUE as error:
            raise expectation(field, rule) from error

    return put


def _put_message(parse: Parse) -> Callable[[Any, Any, Any], None]:
    return lambda value, entries, key: parse(value, entries[key])


def _map_key(field: FieldDescriptor) -> Convert:
    convert, rule = (bool_text, "BOOLEAN") if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL else scalar(field)

    def read(key: str) -> Any:
        try:
            return convert(key)
        except NOT_A_VALUE as error:
            raise expectation(field, rule) from error

    return read


def _by_json_format(rule: str) -> Parse:
    def parse(value: Any, target: Any) -> None:
        try:
            json_format.ParseDict(value, target)
        except (*NOT_A_VALUE, json_format.Error) as error:
            raise Malformed.field("", rule) from error

    return parse
