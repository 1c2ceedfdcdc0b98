"""Every request is held to the same rules, whether one look shows that it is in order or every field has to be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import example, given, settings
from hypothesis import strategies as st
from liangma.codes.v1 import codes_pb2
from liangma.plans.v1 import check_forms_pb2
from liangma.sampling.v1 import sampling_pb2

from services.chassis import validation
from services.chassis.descriptors import is_map
from services.chassis.errors import InvalidArgument
from tests.gateway import trial

LONG = "长" * (validation.GREATEST_TEXT + 1)
APART = "e\u0301"  # é as a letter and an accent
TEXTS = st.sampled_from(["", " ", "a", "永川", "é", APART, "\u0301", "a\0b", "中" * 7000, LONG]) | st.text(max_size=4)
KINDS = (
    sampling_pb2.CreateObjectRequest,
    sampling_pb2.ImportObjectsRequest,
    check_forms_pb2.CreateCheckFormRequest,
    codes_pb2.BatchCheckInspectionCodesRequest,
)
DESCRIPTORS = [*(kind.DESCRIPTOR for kind in KINDS), trial.file().message_types_by_name["Book"]]


@st.composite
def filled(draw: st.DrawFn, kind: Descriptor, depth: int = 0) -> Any:
    """A message with some of its texts, bytes and parts."""
    message: Any = GetMessageClass(kind)()
    for field in kind.fields:
        values = values_of(field, depth)
        if values is None or not draw(st.booleans()):
            continue
        if field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(values, max_size=3)))
        elif field.message_type:
            getattr(message, field.name).CopyFrom(draw(values))
        else:
            setattr(message, field.name, draw(values))
    return message


def values_of(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any] | None:
    if field.message_type:
        is_plain = not is_map(field) and field.message_type.file.package != "google.protobuf"
        return filled(field.message_type, depth + 1) if is_plain and depth < 3 else None
    return {FieldDescriptor.TYPE_STRING: TEXTS, FieldDescriptor.TYPE_BYTES: st.binary(max_size=3)}.get(field.type)


def broken(message: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Field and rule of all that is wrong, field by field; on the way texts are brought to NFC."""
    for field in message.DESCRIPTOR.fields:
        name, value = f"{path}{field.name}", getattr(message, field.name)
        if is_required(field) and is_missing(message, field, value):
            yield name, "REQUIRED"
        elif field.type == FieldDescriptor.TYPE_STRING:
            yield from broken_texts(message, field, name)
        elif field.message_type and not is_map(field):
            given = value if field.is_repeated else [value] * message.HasField(field.name)
            for at, part in enumerate(given):
                yield from broken(part, f"{name}[{at}]." if field.is_repeated else f"{name}.")


def broken_texts(message: Any, field: FieldDescriptor, name: str) -> Iterator[tuple[str, str]]:
    value = getattr(message, field.name)
    if field.is_repeated:
        for at, text in enumerate(value):
            yield from wrong_with(text, f"{name}[{at}]")
            value[at] = unicodedata.normalize("NFC", text)
    elif value:
        yield from wrong_with(value, name)
        setattr(message, field.name, unicodedata.normalize("NFC", value))


def is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def is_missing(message: Message, field: FieldDescriptor, value: Any) -> bool:
    if field.has_presence:
        return not message.HasField(field.name)
    return not (value.strip() if isinstance(value, str) else value)


def wrong_with(text: str, name: str) -> Iterator[tuple[str, str]]:
    if "\0" in text:
        yield name, "TEXT"
    if len(text) > validation.GREATEST_TEXT:
        yield name, "LENGTH"


def names(*texts: str) -> sampling_pb2.ImportObjectsRequest:
    return sampling_pb2.ImportObjectsRequest(rows=[sampling_pb2.ObjectRow(name=text) for text in texts])


def checked(message: Message) -> list[tuple[str, str]]:
    try:
        validation.check(message)
    except InvalidArgument as refusal:
        return [(violation.field, violation.rule) for violation in refusal.violations]
    return []


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(DESCRIPTORS).flatmap(filled))
@example(names("中" * 7000, APART))
@example(names("e", "\u0301"))
@example(sampling_pb2.GetObjectRequest(object_id=LONG))
def test_every_field_that_breaks_a_rule_is_named_in_order_and_every_text_is_brought_to_nfc(message: Message) -> None:
    expected = type(message)()
    expected.CopyFrom(message)
    violations = list(broken(expected))
    assert checked(message) == violations
    assert message == expected


@pytest.mark.parametrize(
    ("name", "rule"), [(LONG, "LENGTH"), ("a\0b", "TEXT")], ids=["too long", "no character of a text"]
)
def test_one_bad_text_is_found_among_thousands(name: str, rule: str) -> None:
    batch = names(*(f"永川第{number}饭店" for number in range(5000)))
    assert checked(batch) == []
    batch.rows[4000].name = name
    assert checked(batch) == [("rows[4000].name", rule)]


def test_what_is_required_within_a_part_is_asked_for_where_the_part_is_given() -> None:
    assert checked(sampling_pb2.CreateObjectRequest()) == [("object", "REQUIRED")]
    assert checked(sampling_pb2.CreateObjectRequest(object=sampling_pb2.InspectionObject(name=" "))) == [
        ("object.name", "REQUIRED"),
        ("object.region", "REQUIRED"),
    ]
