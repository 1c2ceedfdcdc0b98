"""What every request is held to before a use case sees it: required fields given, text clean and in NFC."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.chassis.errors import InvalidArgument, Violation, required

GREATEST_TEXT = 20_000


def check(request: Message) -> None:
    """Bring the request's text to NFC, and refuse what is missing or cannot be text.

    Raises:
        InvalidArgument: names every required field that is not given, every text with a NUL or over the limit.
    """
    violations = list(_walk(request, ""))
    if violations:
        raise InvalidArgument(*violations)


@lru_cache(maxsize=1024)
def _plan(descriptor: Descriptor) -> tuple[tuple[FieldDescriptor, bool], ...]:
    """Fields worth a look, and whether each is required."""
    return tuple(
        (field, field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior])
        for field in descriptor.fields
    )


def _walk(message: Message, path: str) -> Iterator[Violation]:
    for field, is_required in _plan(message.DESCRIPTOR):
        name = f"{path}{field.name}"
        if is_required and not _is_given(message, field):
            yield required(name)
        elif field.type == FieldDescriptor.TYPE_STRING:
            yield from _text(message, field, name)
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            yield from _nested(message, field, name)


def _is_given(message: Message, field: FieldDescriptor) -> bool:
    if field.is_repeated:
        return len(getattr(message, field.name)) > 0
    if field.has_presence:
        return message.HasField(field.name)
    value = getattr(message, field.name)
    return bool(value.strip() if isinstance(value, str) else value)


def _text(message: Message, field: FieldDescriptor, name: str) -> Iterator[Violation]:
    value = getattr(message, field.name)
    if field.is_repeated:
        for index, item in enumerate(value):
            yield from _unclean(item, f"{name}[{index}]")
            if not unicodedata.is_normalized("NFC", item):
                value[index] = unicodedata.normalize("NFC", item)
    elif value:
        yield from _unclean(value, name)
        if not unicodedata.is_normalized("NFC", value):
            setattr(message, field.name, unicodedata.normalize("NFC", value))


def _unclean(text: str, name: str) -> Iterator[Violation]:
    if "\x00" in text:
        yield Violation(name, "TEXT", f"{name} 含有不可用字符（NUL）", f"{name} contains a NUL character")
    if len(text) > GREATEST_TEXT:
        zh = f"{name} 过长（最多 {GREATEST_TEXT} 字）"
        yield Violation(name, "LENGTH", zh, f"{name} is longer than {GREATEST_TEXT} characters")


def _nested(message: Message, field: FieldDescriptor, name: str) -> Iterator[Violation]:
    if field.is_repeated:
        for index, item in enumerate(getattr(message, field.name)):
            yield from _walk(item, f"{name}[{index}].")
    elif message.HasField(field.name):
        yield from _walk(getattr(message, field.name), f"{name}.")
