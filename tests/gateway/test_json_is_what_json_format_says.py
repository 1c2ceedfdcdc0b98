"""The compiled JSON mapping and protobuf's own `json_format` agree, both ways and on what they refuse."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.transcoder.malformed import Malformed
from gateway.transcoder.parsing import Parsers
from services.chassis.descriptors import enum_of
from services.chassis.proto_json import Renderers
from tests.gateway import trial

RENDERERS, PARSERS = Renderers(), Parsers()
BOOK = trial.file().message_types_by_name["Book"]
SHELF = trial.file().message_types_by_name["Shelf"]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(-(2.0**127), 2.0**127, width=32) | st.just(math.nan) | st.just(math.inf),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
}
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats().filter(
        lambda number: not 3.4e38 < abs(number) < 3.5e38
    )  # json_format errs at the very end of 32 bits
    | TEXT
    | st.sampled_from(["1", "-7", "1.0", "1e3", " 1", "NaN", "Infinity", "-Infinity", "nan", "BOOK_STATE_DRAFT", "2"])
    | st.sampled_from(
        ["2025-06-01T08:00:00Z", "2025-06-01T08:00:00.5+08:00", "1.5s", "a,b.c", "true", "", "YQ", "YQ=="]
    )
    | st.sampled_from(["-_-_", "+/+/", "1_0", "99999999999", "3e9", "1e400"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def scalars(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        numbers = [0] if enum_of(field).full_name.endswith("NullValue") else [0, 1, 2, 7, -1]
        return st.sampled_from(numbers)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return st.binary(max_size=8) if field.type == FieldDescriptor.TYPE_BYTES else TEXT
    return SCALARS[field.cpp_type]


@st.composite
def messages(draw: st.DrawFn, descriptor: Descriptor, depth: int = 0) -> Any:
    """Any message of a type, whatever its fields."""
    message: Any = GetMessageClass(descriptor)()
    special: dict[str, Callable[[], object]] = {
        "google.protobuf.Timestamp": lambda: message.FromNanoseconds(draw(st.integers(-(10**18), 10**19))),
        "google.protobuf.Duration": lambda: message.FromNanoseconds(draw(st.integers(-(10**18), 10**18))),
        "google.protobuf.FieldMask": lambda: message.paths.extend(draw(st.sampled_from([[], ["a"], ["a_b", "c.d"]]))),
        "google.protobuf.Any": lambda: message.Pack(draw(messages(SHELF, depth + 1))),
        "google.protobuf.Struct": lambda: message.update({draw(TEXT): draw(st.booleans() | TEXT | st.none())}),
        "google.protobuf.ListValue": lambda: message.extend(draw(st.lists(TEXT | st.booleans(), max_size=2))),
        "google.protobuf.Value": lambda: setattr(message, "string_value", draw(TEXT)),
    }
    if descriptor.full_name in special:
        special[descriptor.full_name]()
        return message
    for field in descriptor.fields:
        if depth < 3 and draw(st.integers(0, 2)) == 0:
            _fill(draw, message, field, depth)
    return message


def _fill(draw: st.DrawFn, message: Any, field: FieldDescriptor, depth: int) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        for at in draw(st.lists(scalars(key), max_size=2, unique=True)):
            if value.message_type is not None:
                getattr(message, field.name)[at].CopyFrom(draw(messages(value.message_type, depth + 1)))
            else:
                getattr(message, field.name)[at] = draw(scalars(value))
    elif field.is_repeated:
        items = messages(field.message_type, depth + 1) if field.message_type else scalars(field)
        getattr(message, field.name).extend(draw(st.lists(items, max_size=3)))
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(draw(messages(field.message_type, depth + 1)))
    else:
        setattr(message, field.name, draw(scalars(field)))


def reference(message: Message, **options: Any) -> Any:
    text = json_format.MessageToJson(message, always_print_fields_with_no_presence=True, **options)
    return json.loads(text)


def parsed(value: Any, kind: Descriptor = BOOK) -> Message:
    message = GetMessageClass(kind)()
    PARSERS.of(kind)(value, message)
    return message


@settings(max_examples=100, deadline=None)
@given(messages(BOOK))
def test_a_message_is_printed_as_json_format_prints_it(message: Message) -> None:
    assert orjson.loads(orjson.dumps(RENDERERS.of(BOOK)(message))) == reference(message)


@settings(max_examples=100, deadline=None)
@given(messages(BOOK))
def test_what_is_printed_reads_back_as_the_same_message(message: Message) -> None:
    printed = orjson.loads(orjson.dumps(RENDERERS.of(BOOK)(message)))
    expected = json_format.Parse(json.dumps(printed), GetMessageClass(BOOK)())
    assert parsed(printed).SerializeToString(deterministic=True) == expected.SerializeToString(deterministic=True)


@settings(max_examples=50, deadline=None)
@given(messages(BOOK))
def test_fields_may_be_given_by_their_names_in_the_proto(message: Message) -> None:
    named = reference(message, preserving_proto_field_name=True)
    expected = json_format.Parse(json.dumps(named), GetMessageClass(BOOK)())
    assert parsed(named).SerializeToString(deterministic=True) == expected.SerializeToString(deterministic=True)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from([f.json_name for f in BOOK.fields if f.name != "cover"]), JSON_VALUES)
def test_a_value_that_fits_or_not_is_judged_as_json_format_judges_it(name: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        value = "NaN"  # JSON has no such number
    given_json = orjson.loads(json.dumps({name: value}).replace("Infinity", "1").replace("NaN", "2"))
    assume(value not in ([], "") and value != [[]])  # for a message json_format takes them, we do not
    assume(not (isinstance(value, list) and any(item in ([], "") for item in value)))
    assume(not (isinstance(value, dict) and any(item in ([], "") for item in value.values())))
    try:
        expected = json_format.ParseDict(given_json, GetMessageClass(BOOK)())
    except Exception:  # noqa: BLE001 - json_format lets several kinds out
        with pytest.raises(Malformed) as refused:
            parsed(given_json)
        assert refused.value.violations[0].field.startswith(BOOK.fields_by_camelcase_name.get(name, _odd()).name)
    else:
        assert parsed(given_json).SerializeToString(deterministic=True) == expected.SerializeToString(
            deterministic=True
        )


def _odd() -> FieldDescriptor:
    return BOOK.fields_by_name["odd_name"]


def test_a_field_without_presence_is_always_there_and_one_with_presence_only_when_set() -> None:
    printed = RENDERERS.of(BOOK)(GetMessageClass(BOOK)())
    assert printed["title"] == ""
    assert printed["copies"] == "0"
    assert printed["state"] == "BOOK_STATE_UNSPECIFIED"
    assert printed["tags"] == []
    assert printed["counts"] == {}
    assert printed["odd"] == ""
    assert not {"subtitle", "createTime", "shelf", "author"} & set(printed)


def test_every_field_at_fault_is_named_by_its_path() -> None:
    with pytest.raises(Malformed) as refused:
        parsed({"pages": "many", "chapters": [{"name": 1}, {"shelves": [{"nome": "x"}]}], "counts": {"a": True}})
    named = {violation.field: violation.rule for violation in refused.value.violations}
    assert named == {
        "pages": "INTEGER",
        "chapters[0].name": "STRING",
        "chapters[1].shelves[0].nome": "UNKNOWN_FIELD",
        "counts[a]": "INTEGER",
    }


@pytest.mark.parametrize(
    ("value", "field", "rule"),
    [
        ({"bookId": "a", "book_id": "b"}, "book_id", "GIVEN_TWICE"),
        ({"cover": "a*b!"}, "cover", "BASE64"),
        ({"author": "a", "office": {}}, "office", "ONE_OF"),
        ({"single": 3.5e38}, "single", "NUMBER"),
        ({"tags": [None]}, "tags[0]", "NOT_NULL"),
        ({"tags": "a"}, "tags", "LIST"),
        ({"shelf": []}, "shelf", "OBJECT"),
        ({"createTime": "yesterday"}, "create_time", "TIMESTAMP"),
        ({"state": "BOOK_STATE_LOST"}, "state", "ENUM"),
        ([], "", "OBJECT"),
    ],
)
def test_a_value_that_does_not_fit_names_the_rule(value: Any, field: str, rule: str) -> None:
    with pytest.raises(Malformed) as refused:
        parsed(value)
    assert [(v.field, v.rule) for v in refused.value.violations] == [(field, rule)]


@pytest.mark.parametrize("text", ["YQ", "YQ==", "-_-_", "+/+/", ""])
def test_base64_is_read_in_both_alphabets_with_padding_or_without(text: str) -> None:
    expected = json_format.ParseDict({"cover": text}, GetMessageClass(BOOK)())
    assert parsed({"cover": text}) == expected


def test_an_enum_says_which_values_there_are() -> None:
    with pytest.raises(Malformed, match="BOOK_STATE_DRAFT"):
        parsed({"state": "X"})
