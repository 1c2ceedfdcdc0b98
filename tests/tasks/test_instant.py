"""即时检查: begun on the spot, after the enterprise's code was scanned and because of a lead."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins
from liangma.tasks.v1 import tasks_pb2 as pb

from tests.support.house import House, Refused
from tests.tasks import city

SCANNED: dict[str, Any] = {
    "object_id": city.SHOP,
    "lead_kind": "LEAD_KIND_COMPLAINT",
    "lead_detail": "12345 来电投诉",
    "matters": [{"matter_id": city.LICENCE}],
    "certificates": ["50000002"],
}


def start(house: House, by: Any = city.FIRST, **changes: Any) -> Any:
    return house.call("tasks", "StartInstantInspection", SCANNED | changes, by=by)


def refused(house: House, by: Any = city.FIRST, **changes: Any) -> Refused:
    """How it was refused; nothing is left of it."""
    with pytest.raises(Refused) as caught:
        start(house, by, **changes)
    assert list(house.call("tasks", "ListTasks", {"kind": "TASK_KIND_INSTANT"}, by=city.SUPERVISOR).tasks) == []
    assert house.announced("tasks", facts.InspectionsDispatched) == []
    return caught.value


def test_an_inspector_starts_and_the_inspection_goes_out_with_its_lead(house: House) -> None:
    started = start(house)
    assert started.kind == pb.TASK_KIND_INSTANT
    assert (started.lead_kind, started.lead_detail) == (pb.LEAD_KIND_COMPLAINT, "12345 来电投诉")
    assert sorted(m.certificate for m in started.parts[0].team) == ["50000001", "50000002"]
    task = city.task_of(house, started.task_id)
    assert (task.state, task.name) == (pb.TASK_STATE_EXECUTING, "对重庆市雾霆娱乐中心的即时检查")
    assert (task.starts_on, task.ends_on, task.on_site_reason) == ("2025-06-09", "2025-06-09", "投诉：12345 来电投诉")
    (out,) = house.announced("tasks", facts.InspectionsDispatched)
    assert (out.kind, out.method, out.code_kind, out.inspections[0].object_id) == (
        "INSTANT",
        "ON_SITE",
        "SINGLE",
        city.SHOP,
    )
    assert (out.inspections[0].lead_kind, out.inspections[0].lead_detail) == ("COMPLAINT", "12345 来电投诉")


def test_it_is_verified_recorded_and_published_like_any_other(house: House) -> None:
    started = start(house)
    city.visited(house, city.task_of(house, started.task_id), started)
    published = city.finish(house, started.inspection_id)
    assert published.state == ins.INSPECTION_STATE_PUBLISHED
    assert city.task_of(house, started.task_id).state == pb.TASK_STATE_COMPLETED


def test_a_repeated_request_starts_it_once(house: House) -> None:
    first, second = start(house, request_id="scan-1"), start(house, request_id="scan-1")
    assert first.inspection_id == second.inspection_id
    assert len(house.announced("tasks", facts.InspectionsDispatched)) == 1


@pytest.mark.parametrize("field", ["object_id", "lead_kind", "lead_detail", "matters", "certificates"])
def test_what_is_missing_is_named(house: House, field: str) -> None:
    empty: Any = [] if isinstance(SCANNED[field], list) else "LEAD_KIND_UNSPECIFIED" if field == "lead_kind" else ""
    assert refused(house, **{field: empty}).violations == {field: "REQUIRED"}


def test_an_object_must_be_in_the_directory(house: House) -> None:
    assert refused(house, object_id="nobody").violations == {"object_id": "UNKNOWN"}


def test_an_authority_inspects_in_its_region_only(house: House) -> None:
    district = city.inspector("50010301", city.DISTRICT)
    answer = refused(house, district, certificates=["50010302"])
    assert (answer.reason, answer.metadata["region"]) == ("OUT_OF_REGION", "500103")
    order = {"sha256": "0" * 64, "name": "协助函.pdf"}
    assert start(house, district, certificates=["50010302"], assistance_order=order).kind == pb.TASK_KIND_INSTANT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"certificates": ["50000001"]}, "TOO_FEW_INSPECTORS"),
        ({"certificates": [city.EXPERT]}, "TOO_FEW_INSPECTORS"),
        ({"certificates": [city.EXPIRED]}, "TOO_FEW_INSPECTORS"),
        ({"certificates": ["50000011"]}, "INVALID_ARGUMENT"),
        ({"ends_on": "2025-06-08"}, "INVALID_ARGUMENT"),
        ({"nature": "TASK_NATURE_TEST"}, "INVALID_ARGUMENT"),
    ],
)
def test_what_holds_for_every_inspection_holds_on_the_spot(house: House, changes: dict[str, Any], reason: str) -> None:
    assert refused(house, **changes).reason == reason


def test_what_is_wrong_is_named_as_it_was_entered(house: House) -> None:
    dropped = {
        "matters": [{"matter_id": city.LICENCE, "dropped_item_ids": ["99"]}],
        "content_mode": "CONTENT_MODE_BY_MATTER",
    }
    answer = refused(house, **dropped)
    assert answer.violations == {"matters[0].dropped_item_ids[0]": "UNKNOWN"}
    assert answer.zh.startswith("matters[0].dropped_item_ids[0]（99）")


def test_an_authority_off_the_subject_list_inspects_nobody(house: House) -> None:
    house.announce(city.off_the_list(city.JUSTICE))
    assert refused(house).reason == "NOT_ON_SUBJECT_LIST"


def test_only_claimed_matters_are_inspected(house: House) -> None:
    answer = refused(house, city.THIRD, certificates=["50000012"])
    assert answer.reason == "MATTER_NOT_CLAIMED"


def test_only_inspectors_start_it(house: House) -> None:
    assert refused(house, city.MANAGER).code is grpc.StatusCode.PERMISSION_DENIED


def test_a_repeat_in_one_year_asks_for_a_reason(house: House) -> None:
    first = start(house)
    with pytest.raises(Refused) as caught:
        start(house)
    assert (caught.value.reason, caught.value.metadata) == (
        "REPEATED_THIS_YEAR",
        {"field": "repeat_reason", "inspections": first.inspection_id},
    )
    assert start(house, repeat_reason="再次被投诉").repeat_reason == "再次被投诉"
