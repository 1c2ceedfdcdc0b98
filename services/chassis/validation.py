"""What every request is held to before a use case sees it: required fields given, text clean and in NFC.

Nearly every request is in order, and a batch holds a hundred thousand texts: one look over the whole says so, and only
the parts that leave a doubt are read field by field.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.chassis.descriptors import is_map, message_of
from services.chassis.errors import InvalidArgument, Violation, required

GREATEST_TEXT = 20_000


def check(request: Message) -> None:
    """Bring the request's text to NFC, and refuse what is missing or cannot be text.

    Raises:
        InvalidArgument: names every required field that is not given, every text with a NUL or over the limit.
    """
    violations = list(_violations(request, ""))
    if violations:
        raise InvalidArgument(*violations)


def _violations(message: Message, path: str) -> Iterator[Violation]:
    if _is_complete(message) and _is_clean(message):
        return
    for field, is_required in _plan(message.DESCRIPTOR):
        name = f"{path}{field.name}"
        if is_required and not _is_given(message, field):
            yield required(name)
        elif field.type == FieldDescriptor.TYPE_STRING:
            yield from _text(message, field, name)
        elif _has_parts(field):
            yield from _nested(message, field, name)


def _is_complete(message: Message) -> bool:
    """Whether everything required is given, here and in all parts."""
    own, inner = _required(message.DESCRIPTOR)
    return all(_is_given(message, field) for field in own) and all(
        _is_complete(part) for field in inner for part in _parts(message, field)
    )


def _is_clean(message: Message) -> bool:
    """Whether no text needs mending or refusing, at one look; False: there may be one.

    A text in the wire format follows its length, whose last byte is below 0x80: so it decodes as itself, whatever
    stands around it. And every part of a text in NFC is in NFC.
    """
    wire = message.SerializeToString()
    return (
        b"\x00" not in wire
        and (len(wire) <= GREATEST_TEXT or _is_short(message))
        and unicodedata.is_normalized("NFC", wire.decode("utf-8", "replace"))
    )


def _is_short(message: Message) -> bool:
    """Whether no text can be over the limit: those of the message are not, nor is any part of it as a whole."""
    return all(max(_sizes(message, field), default=0) <= GREATEST_TEXT for field, _ in _plan(message.DESCRIPTOR))


def _sizes(message: Message, field: FieldDescriptor) -> list[int]:
    """How long the texts of a field are, or its parts."""
    if field.type == FieldDescriptor.TYPE_STRING:
        value = getattr(message, field.name)
        return [len(text) for text in value] if field.is_repeated else [len(value)]
    return [part.ByteSize() for part in _parts(message, field)] if _has_parts(field) else []


@lru_cache(maxsize=1024)
def _required(descriptor: Descriptor) -> tuple[list[FieldDescriptor], list[FieldDescriptor]]:
    """The fields that must be given, and those whose parts must be given something in turn."""
    own = [field for field, is_required in _plan(descriptor) if is_required]
    inner = [field for field in filter(_has_parts, descriptor.fields) if _requires(message_of(field))]
    return own, inner


def _requires(descriptor: Descriptor) -> bool:
    return any(is_required for kind in _kinds_within(descriptor, set()) for _, is_required in _plan(kind))


def _kinds_within(descriptor: Descriptor, seen: set[Descriptor]) -> set[Descriptor]:
    """A type and those of all its parts, which may hold their own kind again."""
    if descriptor not in seen:
        seen.add(descriptor)
        for field in filter(_has_parts, descriptor.fields):
            _kinds_within(message_of(field), seen)
    return seen


def _has_parts(field: FieldDescriptor) -> bool:
    return field.message_type is not None and not is_map(field)


def _parts(message: Message, field: FieldDescriptor) -> Sequence[Message]:
    """The messages a field holds."""
    if field.is_repeated:
        return getattr(message, field.name)  # type: ignore[no-any-return]
    return (getattr(message, field.name),) if message.HasField(field.name) else ()


@lru_cache(maxsize=1024)
def _plan(descriptor: Descriptor) -> tuple[tuple[FieldDescriptor, bool], ...]:
    """Fields worth a look, and whether each is required."""
    return tuple(
        (field, field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior])
        for field in descriptor.fields
    )


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
    for index, part in enumerate(_parts(message, field)):
        yield from _violations(part, f"{name}[{index}]." if field.is_repeated else f"{name}.")
