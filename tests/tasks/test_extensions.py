"""任务延期: a task gets another last day, and all that hangs on it follows."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.codes.v1 import codes_pb2 as checks
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins
from liangma.tasks.v1 import tasks_pb2 as pb

from tests.support.house import House, Refused, houses
from tests.tasks import city

both = houses("tasks", "codes")
LATER = "2025-09-30"


def extend(house: House, task_id: str, ends_on: str = LATER, reason: str = "高温停产", by: Any = city.MANAGER) -> Any:
    request = {"task_id": task_id, "ends_on": ends_on, "reason": reason}
    return house.call("tasks", "ExtendTask", request, by=by)


def approve(house: House, task_id: str, by: Any = city.HEAD) -> Any:
    return house.call("tasks", "ApproveExtension", {"task_id": task_id}, by=by)


def refused(house: House, task_id: str, **changes: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        extend(house, task_id, **changes)
    return caught.value


def extended(house: House) -> list[facts.TaskExtended]:
    return house.announced("tasks", facts.TaskExtended)


def test_without_an_approved_scheme_the_new_last_day_holds_at_once(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    longer = extend(house, task.task_id)
    (only,) = longer.extensions
    assert (longer.ends_on, only.state, only.before) == (LATER, pb.EXTENSION_STATE_APPROVED, "2025-08-31")
    assert (only.reason, only.requested_by) == ("高温停产", city.MANAGER.subject)
    assert [entry.action for entry in longer.history][-2:] == ["EXTENSION_REQUESTED", "EXTENDED"]
    assert longer.history[-1].detail == "2025-08-31 → 2025-09-30"
    assert city.inspections(house, task.task_id)[0].ends_on == LATER
    formed = house.announced("tasks", facts.TaskFormed)
    assert [(fact.version, fact.ends_on) for fact in formed] == [(1, "2025-08-31"), (2, LATER)]
    assert extended(house) == [], "nothing was sent out, so no code waits"


def test_with_an_approved_scheme_the_head_decides(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    asked = extend(house, task.task_id)
    assert (asked.ends_on, asked.extension_waits) == ("2025-08-31", True)
    assert refused(house, task.task_id, ends_on="2025-10-31").reason == "EXTENSION_WAITS"
    waits = house.call("tasks", "GetToDo", {}, by=city.HEAD)
    assert [(group.kind, group.waiting) for group in waits.groups] == [(23, 1), (13, 1)]
    with pytest.raises(Refused) as caught:
        approve(house, task.task_id, by=city.MANAGER)
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
    longer = approve(house, task.task_id)
    assert (longer.ends_on, longer.extension_waits) == (LATER, False)
    assert longer.extensions[0].decided_by == city.HEAD.subject
    (fact,) = extended(house)
    assert (fact.version, fact.ends_on, list(fact.inspection_ids)) == (1, LATER, [inspection.inspection_id])
    with pytest.raises(Refused) as caught:
        approve(house, task.task_id)
    assert caught.value.reason == "NO_EXTENSION_WAITS"


def test_a_rejected_extension_stays_on_record_and_can_be_asked_for_again(house: House) -> None:
    task, _ = city.dispatched(house)
    extend(house, task.task_id)
    request = {"task_id": task.task_id, "reason": "理由不充分"}
    rejected = house.call("tasks", "RejectExtension", request, by=city.HEAD)
    assert (rejected.ends_on, rejected.extensions[0].state) == ("2025-08-31", pb.EXTENSION_STATE_REJECTED)
    assert rejected.extensions[0].decision_reason == "理由不充分"
    assert (rejected.history[-1].action, rejected.history[-1].reason) == ("EXTENSION_REJECTED", "理由不充分")
    assert extended(house) == []
    extend(house, task.task_id)
    assert len(approve(house, task.task_id).extensions) == 2


def test_a_task_is_not_extended_to_where_it_may_not_go(house: House) -> None:
    house.announce(city.plan(ends_on="2025-10-31"))
    task = city.create(house, plan_id="plan-1")
    assert refused(house, task.task_id, ends_on="2025-11-01").violations == {"ends_on": "PLAN_PERIOD"}
    free = city.create(house)
    assert refused(house, free.task_id, ends_on="2025-08-31").violations == {"ends_on": "LATER"}
    assert refused(house, free.task_id, ends_on="2026-01-01").violations == {"ends_on": "YEAR"}
    assert refused(house, free.task_id, reason="").violations == {"reason": "REQUIRED"}
    house.pass_time(days=100)
    assert refused(house, free.task_id, ends_on="2025-09-01").violations == {"ends_on": "PAST"}
    assert extend(house, free.task_id, "2025-12-31").ends_on == "2025-12-31"
    assert refused(house, free.task_id, by=city.PARTNER).code is grpc.StatusCode.PERMISSION_DENIED


def test_an_approval_that_comes_too_late_is_refused(house: House) -> None:
    task, _ = city.dispatched(house)
    extend(house, task.task_id, "2025-09-01")
    house.pass_time(days=100)
    with pytest.raises(Refused) as caught:
        approve(house, task.task_id)
    assert caught.value.violations == {"ends_on": "PAST"}


def test_an_approval_never_brings_the_last_day_forward(house: House) -> None:
    task = city.create(house)
    city.approve_scheme(house, task.task_id)
    extend(house, task.task_id)
    later = city.draft(ends_on="2025-11-30") | {"task_id": task.task_id}
    house.call("tasks", "UpdateTask", {"task": later}, by=city.MANAGER)
    with pytest.raises(Refused) as caught:
        approve(house, task.task_id)
    assert caught.value.violations == {"ends_on": "LATER"}


def test_an_overdue_task_is_no_longer_overdue_and_falls_overdue_again(house: House) -> None:
    task, _ = city.dispatched(house)
    house.pass_time(days=84)
    for _ in range(2):
        house.fire("tasks", "raise_overdue_tasks")
    (told,) = house.announced("tasks", facts.TaskOverdue)
    assert (told.number, told.ends_on, told.open) == (task.number, "2025-08-31", 1)
    extend(house, task.task_id)
    approve(house, task.task_id)
    house.fire("tasks", "raise_overdue_tasks")
    request = {"overdue_only": True}
    assert list(house.call("tasks", "ListDeadlines", request, by=city.MANAGER).deadlines) == []
    house.pass_time(days=40)
    house.fire("tasks", "raise_overdue_tasks")
    assert [fact.ends_on for fact in house.announced("tasks", facts.TaskOverdue)] == ["2025-08-31", LATER]
    actions = [entry.action for entry in city.task_of(house, task.task_id).history]
    assert [action for action in actions if action in ("OVERDUE", "EXTENDED")] == ["OVERDUE", "EXTENDED", "OVERDUE"]


def test_visits_that_took_place_are_not_asked_new_codes_for(house: House) -> None:
    task, (shop, cafe) = city.dispatched(house, city.SHOP, city.CAFE)
    city.visited(house, task, shop)
    city.code(house, task.task_id, cafe.inspection_id)
    extend(house, task.task_id)
    approve(house, task.task_id)
    assert [list(fact.inspection_ids) for fact in extended(house)] == [[cafe.inspection_id]]
    assert {inspection.ends_on for inspection in city.inspections(house, task.task_id)} == {LATER}


def test_what_is_published_keeps_the_last_day_it_had(house: House) -> None:
    task, (shop, cafe) = city.dispatched(house, city.SHOP, city.CAFE)
    city.visited(house, task, shop)
    city.finish(house, shop.inspection_id)
    extend(house, task.task_id)
    approve(house, task.task_id)
    days = {each.inspection_id: each.ends_on for each in city.inspections(house, task.task_id)}
    assert days == {shop.inspection_id: "2025-08-31", cafe.inspection_id: LATER}


def test_a_task_that_is_over_or_a_draft_is_not_extended(house: House) -> None:
    task = city.create(house)
    house.call("tasks", "CancelTask", {"task_id": task.task_id, "reason": "不再需要"}, by=city.MANAGER)
    assert refused(house, task.task_id).reason == "NOT_NOW"
    draft = house.call("tasks", "CreateTask", {"task": city.draft(), "draft": True}, by=city.MANAGER)
    assert refused(house, draft.task_id).reason == "NOT_NOW"


def test_codes_that_wait_are_issued_anew_until_the_new_last_day(both: House) -> None:
    city.settle_city(both)
    task, (inspection,) = city.dispatched(both)
    both.settle()
    before = city.inspection(both, inspection.inspection_id).code
    extend(both, task.task_id)
    approve(both, task.task_id)
    both.settle()
    after = city.inspection(both, inspection.inspection_id)
    assert after.state == ins.INSPECTION_STATE_CODED
    assert after.code.code_id != before.code_id
    both.pass_time(days=100)
    verdicts = [
        both.call("codes", "CheckInspectionCode", {"text": text}, by=city.FIRST).verdict
        for text in (after.code.text, before.text)
    ]
    assert verdicts == [checks.VERDICT_AUTHENTIC, checks.VERDICT_REVOKED]


def test_a_repeat_of_a_request_extends_once(house: House) -> None:
    task = city.create(house)
    request = {"task_id": task.task_id, "ends_on": LATER, "reason": "高温停产", "request_id": "r1"}
    first = house.call("tasks", "ExtendTask", request, by=city.MANAGER)
    assert house.call("tasks", "ExtendTask", request, by=city.MANAGER) == first
    assert len(city.task_of(house, task.task_id).extensions) == 1
