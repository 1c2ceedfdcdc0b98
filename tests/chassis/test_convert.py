from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import tasks_pb2
from liangma.type.v1 import access_pb2

from services.chassis.convert import enum_name, from_proto, to_proto
from services.chassis.errors import InvalidArgument


class Method(StrEnum):
    ON_SITE = "ON_SITE"
    ONLINE = "ONLINE"


@dataclass(frozen=True)
class Item:
    matter_id: str
    item_id: str


@dataclass(frozen=True)
class Form:
    form_id: str
    version: int
    name: str = ""
    authority_id: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Plan:
    plan_id: str
    year: int = 0
    methods: tuple[Method, ...] = ()
    starts_on: date | None = None
    approved_at: datetime | None = None
    scope: frozenset[str] = frozenset()


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@given(texts, st.integers(0, 2**62), st.lists(st.builds(Item, texts, texts), max_size=4).map(tuple))
def test_what_goes_out_comes_back(name: str, version: int, items: tuple[Item, ...]) -> None:
    form = Form("f", version, name, "a", items)
    message = to_proto(form, plans.CheckFormChanged)
    assert from_proto(message, Form, version=version) == form


@given(st.dates(), st.datetimes(timezones=st.just(UTC)), st.lists(st.sampled_from(Method)).map(tuple))
def test_dates_instants_and_enums_cross_as_text(day: date, instant: datetime, methods: tuple[Method, ...]) -> None:
    plan = Plan("p", 2025, methods, day, instant, frozenset({"x"}))
    message = to_proto(plan, plans.PlanApproved)
    assert message.starts_on == day.isoformat()
    assert from_proto(message, Plan) == plan


def test_what_is_unset_takes_the_dataclass_default() -> None:
    assert from_proto(plans.PlanApproved(plan_id="p"), Plan) == Plan("p")


def test_a_date_that_is_none_is_refused_with_its_field() -> None:
    with pytest.raises(InvalidArgument) as refused:
        from_proto(plans.PlanApproved(plan_id="p", starts_on="2025-02-30"), Plan)
    assert [violation.field for violation in refused.value.violations] == ["starts_on"]


def test_enums_lose_and_regain_the_prefix_the_contract_gives_them() -> None:
    enum = tasks_pb2.TaskKind.DESCRIPTOR
    assert enum_name(enum, tasks_pb2.TASK_KIND_DAILY) == "DAILY"
    assert enum_name(enum, tasks_pb2.TASK_KIND_UNSPECIFIED) == ""


def test_an_override_wins_over_the_attribute() -> None:
    assert to_proto(Item("m", "i"), plans.CheckFormChanged.Item, item_id="other").item_id == "other"


def test_repeated_messages_and_flags_cross() -> None:
    @dataclass(frozen=True)
    class Rule:
        public: bool
        roles: tuple[str, ...]

    message = to_proto(Rule(True, ("a", "b")), access_pb2.Access)
    assert message == access_pb2.Access(public=True, roles=["a", "b"])
    assert to_proto(Item("m", "i"), sampling.JointMatched) == sampling.JointMatched()


def test_timestamps_are_aware_and_in_utc() -> None:
    stamp = Timestamp(seconds=0)
    assert stamp.ToDatetime(tzinfo=UTC).tzinfo is UTC
