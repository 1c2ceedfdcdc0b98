"""下发后允许补充检查对象: such a task waits for what may still come, to its last day at most."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import tasks_pb2 as pb

from tests.support.house import House, Refused
from tests.tasks import city

OPEN_LIST: dict[str, Any] = {"fixity": "FIXITY_SUPPLEMENTABLE"}


def done(house: House, **changes: Any) -> Any:
    """A task whose only object is published."""
    task, (inspection,) = city.dispatched(house, **(OPEN_LIST | changes))
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id)
    return task


def close(house: House, task_id: str, by: Any = city.MANAGER) -> Any:
    return house.call("tasks", "CloseSupplements", {"task_id": task_id, "reason": "名单已齐"}, by=by)


def refusal(house: House, method: str, request: dict[str, Any], by: Any = city.MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("tasks", method, request, by=by)
    return caught.value


def state(house: House, task_id: str) -> int:
    return int(city.task_of(house, task_id).state)


def test_it_stays_open_for_more_objects_when_those_present_are_done(house: House) -> None:
    task = done(house)
    assert state(house, task.task_id) == pb.TASK_STATE_EXECUTING
    assert city.add(house, task.task_id, city.CAFE).added == 1


def test_it_is_done_when_its_last_day_is_over_and_not_overdue(house: House) -> None:
    task = done(house)
    house.pass_time(days=83)
    house.fire("tasks", "raise_overdue_tasks")
    assert state(house, task.task_id) == pb.TASK_STATE_EXECUTING, "the last day is the last day"
    house.pass_time(days=1)
    house.fire("tasks", "raise_overdue_tasks")
    assert state(house, task.task_id) == pb.TASK_STATE_COMPLETED
    assert [fact.task_id for fact in house.announced("tasks", facts.TaskCompleted)] == [task.task_id]
    assert house.announced("tasks", facts.TaskOverdue) == []


def test_after_its_last_day_nothing_comes_on_the_list_although_something_is_open(house: House) -> None:
    task, _ = city.dispatched(house, **OPEN_LIST)
    more = {"task_id": task.task_id, "objects": [{"object_id": city.CAFE}]}
    house.pass_time(days=84)
    late = refusal(house, "AddObjects", more)
    assert (late.reason, late.metadata["ends_on"]) == ("SUPPLEMENTS_OVER", "2025-08-31")
    assert refusal(house, "AddObjects", more, by=city.PARTNER).code in {
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.NOT_FOUND,
    }
    assert len(city.inspections(house, task.task_id)) == 1


def test_on_its_last_day_something_may_still_come(house: House) -> None:
    task, _ = city.dispatched(house, **OPEN_LIST)
    house.pass_time(days=83)
    assert city.add(house, task.task_id, city.CAFE).added == 1


def test_with_something_left_to_do_it_falls_overdue_instead(house: House) -> None:
    task = done(house)
    city.add(house, task.task_id, city.CAFE)
    house.pass_time(days=84)
    house.fire("tasks", "raise_overdue_tasks")
    assert state(house, task.task_id) == pb.TASK_STATE_EXECUTING
    assert [fact.open for fact in house.announced("tasks", facts.TaskOverdue)] == [1]


def test_the_lead_says_that_nothing_more_comes(house: House) -> None:
    task = done(house)
    assert refusal(house, "CloseSupplements", {"task_id": task.task_id}, by=city.PARTNER).code is (
        grpc.StatusCode.PERMISSION_DENIED
    )
    closed = close(house, task.task_id)
    assert closed.state == pb.TASK_STATE_COMPLETED
    assert closed.HasField("supplements_closed_at")
    assert [entry.action for entry in closed.history][-2:] == ["SUPPLEMENTS_CLOSED", "COMPLETED"]
    assert len(house.announced("tasks", facts.TaskCompleted)) == 1


def test_after_that_nothing_is_added_and_the_last_result_completes_it(house: House) -> None:
    task, (inspection,) = city.dispatched(house, **OPEN_LIST)
    assert close(house, task.task_id).state == pb.TASK_STATE_EXECUTING
    more = {"task_id": task.task_id, "objects": [{"object_id": city.CAFE}]}
    assert refusal(house, "AddObjects", more).reason == "SUPPLEMENTS_CLOSED"
    assert refusal(house, "CloseSupplements", {"task_id": task.task_id}).reason == "SUPPLEMENTS_CLOSED"
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id)
    assert state(house, task.task_id) == pb.TASK_STATE_COMPLETED


def test_a_fixed_task_has_no_supplements_to_close(house: House) -> None:
    task, _ = city.dispatched(house)
    assert refusal(house, "CloseSupplements", {"task_id": task.task_id}).reason == "NOT_SUPPLEMENTABLE"


def test_a_partner_takes_off_what_it_supplemented_itself_before_it_goes_out(house: House) -> None:
    task = city.create_joint(house, **OPEN_LIST)
    city.add(house, task.task_id, city.SHOP)
    city.assign(house, task.task_id, "50000001", "50000002")
    city.assign(house, task.task_id, "50000011", "50000012", by=city.PARTNER)
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    city.add(house, task.task_id, city.CAFE, by=city.PARTNER)
    city.add(house, task.task_id, city.FACTORY)

    def remove(object_id: str) -> dict[str, str]:
        return {"task_id": task.task_id, "object_id": object_id}

    assert refusal(house, "RemoveObject", remove(city.FACTORY), by=city.PARTNER).reason == "NOT_YOURS"
    house.call("tasks", "RemoveObject", remove(city.CAFE), by=city.PARTNER)
    names = {each.object.object_id for each in city.inspections(house, task.task_id) if each.state != 13}
    assert names == {city.SHOP, city.FACTORY}
    city.add(house, task.task_id, city.CAFE, by=city.PARTNER)
    city.assign(house, task.task_id, "50000001", "50000002")
    city.assign(house, task.task_id, "50000011", "50000012", by=city.PARTNER)
    city.dispatch(house, task.task_id)
    gone_out = refusal(house, "RemoveObject", remove(city.CAFE), by=city.PARTNER)
    assert gone_out.code is grpc.StatusCode.FAILED_PRECONDITION


def test_the_types_of_the_objects_on_a_list_are_shown_and_filtered_by(house: House) -> None:
    task = city.create(house)
    city.create(house)
    city.add(house, task.task_id, city.SHOP, city.CAFE)
    assert list(city.task_of(house, task.task_id).object_types) == ["INSTITUTION"]

    def listed(type: str) -> list[str]:
        found = house.call("tasks", "ListTasks", {"object_type": type}, by=city.MANAGER).tasks
        return [each.task_id for each in found]

    assert listed("INSTITUTION") == [task.task_id]
    assert listed("INSTIT") == listed("PERSON") == []
    assert len(listed("")) == 2
    sheet = house.call("tasks", "ExportTasks", {"object_type": "INSTITUTION"}, by=city.MANAGER)
    heads, row = city.rows_of(sheet.data)
    assert dict(zip(heads, row, strict=True))["检查对象类型"] == "机构类主体"
