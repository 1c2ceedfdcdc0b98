"""Query parameters and path variables → fields of the request message: `?plan.year=2025&tags=a&tags=b`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.problems import Violation
from gateway.transcoder.malformed import Malformed
from gateway.transcoder.parsing import Parsers
from gateway.transcoder.scalars import NOT_A_VALUE, bool_text, expectation, scalar
from services.chassis.descriptors import is_leaf, is_map, is_wrapper, message_of, type_of

Convert = Callable[[str], Any]


class FieldWriter:
    """Sets fields of a message from texts, by the path that names them.

    Args:
        parsers: read the well-known types that are written as one text.
    """

    def __init__(self, parsers: Parsers) -> None:
        self._parsers = parsers

    def write(self, message: Message, path: str, values: Sequence[str]) -> None:
        """Set the field at `path` (names as in the proto or in JSON) to `values`: several for a repeated field only.

        Raises:
            Malformed: there is no such field, it cannot be given so, or a value does not fit.
        """
        target, field, parents = message, None, list[str]()
        for name in path.split("."):
            if field is not None:
                target = self._inside(target, field, path)
            field = fields_of(type_of(target)).get(name)
            if field is None:
                raise Malformed.field(path, "UNKNOWN_FIELD")
            parents.append(field.name)
        assert field is not None
        try:
            _refuse_second_of_oneof(target, field)
            self._assign(target, field, values)
        except Malformed as malformed:
            raise malformed.under(".".join(parents)) from None

    def _inside(self, target: Message, field: FieldDescriptor, path: str) -> Message:
        if field.message_type is None or field.is_repeated or is_leaf(field):
            raise Malformed.field(path, "UNKNOWN_FIELD")
        inside: Message = getattr(target, field.name)
        return inside

    def _assign(self, target: Message, field: FieldDescriptor, values: Sequence[str]) -> None:
        if field.message_type is not None and (is_map(field) or not is_leaf(field)):
            raise Malformed(
                Violation("", "NOT_A_PARAMETER", "该字段不能用查询参数给出", "cannot be given as a query parameter")
            )
        if not field.is_repeated and len(values) > 1:
            raise Malformed.field("", "GIVEN_TWICE")
        if field.message_type is not None:
            self._assign_texts_of_messages(target, field, values)
        elif field.is_repeated:
            getattr(target, field.name).extend(_values(field, values))
        else:
            _set(target, field, values[0])

    def _assign_texts_of_messages(self, target: Message, field: FieldDescriptor, values: Sequence[str]) -> None:
        held, kind = getattr(target, field.name), message_of(field)
        for text in values:
            message = held.add() if field.is_repeated else held
            message.SetInParent()
            if is_wrapper(kind):
                _set(message, kind.fields_by_name["value"], text)
            else:
                self._parsers.of(kind)(text, message)


@cache
def fields_of(message: Descriptor) -> dict[str, FieldDescriptor]:
    """The fields of a message by both their names, that of the proto and that of JSON."""
    return {f.json_name: f for f in message.fields} | {f.name: f for f in message.fields}


def _refuse_second_of_oneof(target: Message, field: FieldDescriptor) -> None:
    choice = field.containing_oneof
    if choice is not None and target.WhichOneof(choice.name) not in (None, field.name):
        raise Malformed.field("", "ONE_OF")


def _set(target: Message, field: FieldDescriptor, text: str) -> None:
    convert, rule = _from_text(field)
    try:
        setattr(target, field.name, convert(text))
    except NOT_A_VALUE as error:
        raise expectation(field, rule) from error


def _values(field: FieldDescriptor, texts: Iterable[str]) -> list[Any]:
    convert, rule = _from_text(field)
    try:
        return [convert(text) for text in texts]
    except NOT_A_VALUE as error:
        raise expectation(field, rule) from error


def _from_text(field: FieldDescriptor) -> tuple[Convert, str]:
    convert, rule = scalar(field)
    return (bool_text if rule == "BOOLEAN" else convert), rule
