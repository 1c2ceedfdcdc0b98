"""What a fact says is read as `json_format` reads it, only faster."""

from __future__ import annotations

import importlib
from typing import Any

import orjson
import pytest
from google.api import httpbody_pb2
from google.protobuf import json_format, struct_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from liangma.credit.v1 import events_pb2 as credit_events
from liangma.plans.v1 import events_pb2 as plans_events

from services.chassis.bus.messages import read_message
from services.chassis.descriptors import type_of

SERVICES = ("plans", "tasks", "sampling", "codes", "credit")


def announced() -> list[type[Message]]:
    """Every message of every service's events."""
    files = [importlib.import_module(f"liangma.{name}.v1.events_pb2").DESCRIPTOR for name in SERVICES]
    return [GetMessageClass(message) for file in files for message in file.message_types_by_name.values()]


def full(kind: type[Message]) -> Message:
    """A message in which everything is said."""
    return kind(**{field.name: [_value(field)] * 2 if field.is_repeated else _value(field) for field in _fields(kind)})


def _fields(kind: type[Message]) -> list[FieldDescriptor]:
    return list(type_of(kind).fields)


def _value(field: FieldDescriptor) -> Any:
    if field.message_type:
        return full(GetMessageClass(field.message_type))
    samples = {
        FieldDescriptor.CPPTYPE_STRING: '渝 "q"',
        FieldDescriptor.CPPTYPE_INT32: -7,
        FieldDescriptor.CPPTYPE_INT64: 2**53 + 1,
        FieldDescriptor.CPPTYPE_BOOL: True,
        FieldDescriptor.CPPTYPE_DOUBLE: 0.25,
    }
    return samples[field.cpp_type]


def as_json(message: Message) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(json_format.MessageToJson(message))
    return read


@pytest.mark.parametrize("kind", announced(), ids=lambda kind: kind.DESCRIPTOR.full_name)
def test_every_fact_of_the_contract_is_read_without_json_format(
    kind: type[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = full(kind)
    data = as_json(message)
    monkeypatch.delattr(json_format, "ParseDict")
    assert read_message(data, kind) == message
    assert read_message({}, kind) == kind()


def test_fields_may_go_by_either_of_their_names() -> None:
    assert read_message({"plan_id": "a"}, plans_events.PlanReceived) == plans_events.PlanReceived(plan_id="a")


@pytest.mark.parametrize(
    "data",
    [
        {"planId": None, "version": None, "jointDomains": None},
        {"version": 3.0, "year": "2025"},
        {"version": 3, "unknown": {"more": 1}},
    ],
)
def test_unusual_forms_mean_what_they_mean_to_json_format(data: dict[str, Any]) -> None:
    expected = json_format.ParseDict(data, plans_events.PlanApproved(), ignore_unknown_fields=True)
    assert read_message(data, plans_events.PlanApproved) == expected


@pytest.mark.parametrize(
    "data",
    [{"planId": 7}, {"jointDomains": "司法"}, {"version": "three"}, {"version": 1.5}, {"year": 2**40}, {"year": True}],
)
def test_what_does_not_fit_is_refused_with_the_name_of_its_field(data: dict[str, Any]) -> None:
    with pytest.raises(json_format.ParseError, match=next(iter(data))):
        read_message(data, plans_events.PlanApproved)


def test_a_number_that_is_none_is_read() -> None:
    data = {"industry": [{"domain": "司法", "score": "NaN"}]}
    assert str(read_message(data, credit_events.ObjectRating).industry[0].score) == "nan"


@pytest.mark.parametrize(
    "message",
    [
        json_format.ParseDict({"a": [1, {"b": None}]}, struct_pb2.Struct()),
        error_details_pb2.RetryInfo(retry_delay={"seconds": 3}),
        error_details_pb2.ErrorInfo(reason="R", metadata={"a": "b"}),
        httpbody_pb2.HttpBody(content_type="image/png", data=b"\xff\x00"),
    ],
    ids=lambda message: message.DESCRIPTOR.name,
)
def test_types_with_a_json_form_of_their_own_are_read_too(message: Message) -> None:
    assert read_message(as_json(message), type(message)) == message
