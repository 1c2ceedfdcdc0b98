"""JSON values and texts → values of scalar fields."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Error as ProtobufError

from gateway.problems import Violation
from gateway.transcoder.malformed import Malformed
from services.chassis.descriptors import enum_of

Convert = Callable[[Any], Any]

NOT_A_VALUE = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, ProtobufError)
INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT64,
}


def scalar(field: FieldDescriptor) -> tuple[Convert, str]:
    """What reads a JSON value as a value of this scalar field, and the rule it breaks when it raises."""
    kind = field.cpp_type
    if kind in INTEGERS:
        return _integer, "INTEGER"
    if kind == FieldDescriptor.CPPTYPE_FLOAT:
        return _float, "NUMBER"
    if kind == FieldDescriptor.CPPTYPE_DOUBLE:
        return _double, "NUMBER"
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return _bool, "BOOLEAN"
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return _enum(enum_of(field)), "ENUM"
    return (_bytes, "BASE64") if field.type == FieldDescriptor.TYPE_BYTES else (_string, "STRING")


def expectation(field: FieldDescriptor, rule: str) -> Malformed:
    """The refusal of a scalar field's value."""
    if rule != "ENUM":
        return Malformed.field("", rule)
    names = [value.name for value in enum_of(field).values]
    return Malformed(Violation("", rule, f"应为以下之一：{'、'.join(names)}", f"must be one of {', '.join(names)}"))


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        if " " in value:
            raise ValueError(value)
        try:
            return int(value)
        except ValueError:
            value = float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(value)


def _double(value: Any) -> float:
    if value == "nan" or not isinstance(value, str | float | int):
        raise ValueError(value)
    return float(value)


def _float(value: Any) -> float:
    number = _double(value)
    struct.pack("<f", number)  # raises where it does not fit into 32 bits
    return number


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def bool_text(value: str) -> bool:
    """A bool that is written as text: the key of a map, a query parameter."""
    return {"true": True, "false": False}[value]


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(value)
    standard = value.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)


def _enum(enum: EnumDescriptor) -> Convert:
    numbers = {name: value.number for name, value in enum.values_by_name.items()}

    def convert(value: Any) -> int:
        number = numbers.get(value)
        return int(value) if number is None else number

    return convert
