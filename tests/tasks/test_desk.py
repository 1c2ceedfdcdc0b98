"""What waits for whom, and until when."""

from __future__ import annotations

import io
from typing import Any

import grpc
import openpyxl
import pytest
from liangma.tasks.v1 import desk_pb2 as pb

from services.chassis.identity import Principal
from tests.support.house import House, Refused
from tests.tasks import city

PLANNER = city.person("planner")
TEST: dict[str, Any] = {"nature": "TASK_NATURE_TEST", "test_term": "TEST_TERM_HOURS_48"}


def waits(house: House, by: Principal) -> dict[str, int]:
    """How many of each kind wait for somebody; each count agrees with its list."""
    answer = house.call("tasks", "GetToDo", by=by)
    found = {pb.ToDoKind.Name(group.kind).removeprefix("TO_DO_KIND_"): group.waiting for group in answer.groups}
    assert answer.waiting == sum(found.values())
    for kind, count in found.items():
        assert len(items(house, kind, by)) == count
    return found


def items(house: House, kind: str, by: Principal, **filters: Any) -> list[Any]:
    request = {"kind": f"TO_DO_KIND_{kind}", **filters}
    return list(house.call("tasks", "ListToDo", request, by=by).items)


def counters(house: House, by: Principal) -> tuple[int, int, int, int]:
    answer = house.call("tasks", "GetToDo", by=by)
    return answer.waiting, answer.due_soon, answer.overdue, answer.returned


def due(house: House, by: Principal = city.MANAGER, **filters: Any) -> list[tuple[str, str, int]]:
    found = house.call("tasks", "ListDeadlines", filters, by=by).deadlines
    return [(pb.DeadlineKind.Name(d.kind).removeprefix("DEADLINE_KIND_"), d.number, d.term.days_left) for d in found]


# to do


def test_each_step_of_a_task_waits_for_who_takes_it(house: House) -> None:
    task = city.create(house)
    assert waits(house, city.MANAGER) == {"SCHEME_TO_SUBMIT": 1, "OBJECTS_TO_CHOOSE": 1}
    house.call("tasks", "SubmitScheme", {"task_id": task.task_id, "content": "方案"}, by=city.MANAGER)
    assert waits(house, city.HEAD) == {"SCHEME_TO_APPROVE": 1}
    house.call("tasks", "RejectScheme", {"task_id": task.task_id, "reason": "不具体"}, by=city.HEAD)
    assert waits(house, city.HEAD) == {}
    assert waits(house, city.MANAGER) == {"SCHEME_RETURNED": 1, "OBJECTS_TO_CHOOSE": 1}
    assert counters(house, city.MANAGER) == (2, 0, 0, 1)
    city.approve_scheme(house, task.task_id)
    city.add(house, task.task_id, city.SHOP)
    assert waits(house, city.MANAGER) == {"INSPECTORS_TO_ASSIGN": 1}
    city.assign(house, task.task_id, "50000001", "50000002")
    assert waits(house, city.MANAGER) == {"TASK_TO_DISPATCH": 1}
    city.dispatch(house, task.task_id)
    assert waits(house, city.MANAGER) == {"TASK_TO_COMPLETE": 1}
    assert waits(house, city.HEAD) == {"TASK_TO_COMPLETE": 1}
    (only,) = items(house, "TASK_TO_COMPLETE", city.MANAGER)
    assert (only.task_id, only.number, only.term.due_on) == (task.task_id, task.number, "2025-08-31")


def test_each_step_of_an_inspection_waits_for_who_takes_it(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    id, stranger = inspection.inspection_id, city.inspector("50000003")
    assert waits(house, city.FIRST) == {"OBJECT_TO_VISIT": 1}
    city.code(house, task.task_id, id)
    assert waits(house, city.FIRST) == {"OBJECT_TO_VISIT": 1}
    city.verify(house, id)
    assert waits(house, city.FIRST) == waits(house, city.SECOND) == {"INSPECTION_TO_RECORD": 1}
    city.record(house, id, **city.PENDING)
    assert waits(house, city.FIRST) == {"RECORD_TO_SIGN": 1}
    house.call("tasks", "SignInspection", {"inspection_id": id}, by=city.FIRST)
    assert (waits(house, city.FIRST), waits(house, city.SECOND)) == ({}, {"RECORD_TO_SIGN": 1})
    house.call("tasks", "SignInspection", {"inspection_id": id}, by=city.SECOND)
    assert waits(house, city.FIRST) == waits(house, city.SECOND) == {"OBJECT_TO_SIGN": 1}
    house.call("tasks", "SignForObject", {"inspection_id": id, "name": "张三"}, by=city.FIRST)
    assert (waits(house, city.FIRST), waits(house, city.REVIEWER)) == ({}, {"RECORD_TO_REVIEW": 1})
    returned = {"inspection_id": id, "decision": "REVIEW_DECISION_RETURNED", "reason": "照片缺失"}
    house.call("tasks", "ReviewInspection", returned, by=city.REVIEWER)
    assert (waits(house, city.FIRST), waits(house, city.REVIEWER)) == ({"RECORD_RETURNED": 1}, {})
    assert counters(house, city.FIRST) == (1, 0, 0, 1)
    city.record(house, id, **city.PENDING)
    city.sign(house, id)
    city.review(house, id)
    assert waits(house, city.REVIEWER) == {"RESULT_TO_PUBLISH": 1}
    city.publish(house, id)
    assert waits(house, city.FIRST) == waits(house, city.MANAGER) == waits(house, city.HEAD) == {"ORDER_TO_RECHECK": 1}
    (order,) = items(house, "ORDER_TO_RECHECK", city.FIRST)
    assert (order.inspection_id, order.object_name, order.term.due_on) == (id, "重庆市雾霆娱乐中心", "2025-07-01")
    assert (waits(house, city.REVIEWER), waits(house, stranger), waits(house, city.PARTNER)) == ({}, {}, {})


def test_an_invitation_waits_for_the_partner_and_the_formed_task_for_each_authority_s_inspectors(house: House) -> None:
    task = city.create(house, **city.JOINT)
    assert (waits(house, city.PARTNER), waits(house, city.MANAGER)) == ({"INVITATION_TO_ANSWER": 1}, {})
    assert counters(house, city.PARTNER) == (1, 1, 0, 0)
    house.call("tasks", "AnswerInvitation", {"task_id": task.task_id, "answer": "ANSWER_ACCEPTED"}, by=city.PARTNER)
    assert (waits(house, city.PARTNER), waits(house, city.MANAGER)) == ({}, {"TASK_TO_FORM": 1})
    house.call("tasks", "FormTask", {"task_id": task.task_id}, by=city.MANAGER)
    city.add(house, task.task_id, city.SHOP)
    city.assign(house, task.task_id, "50000001", "50000002")
    assert waits(house, city.PARTNER) == {"INSPECTORS_TO_ASSIGN": 1}
    assert waits(house, city.MANAGER) == {"SCHEME_TO_SUBMIT": 1}


def test_a_plan_without_a_task_waits_for_planner_and_manager_in_its_scope(house: House) -> None:
    house.announce(city.plan())
    assert waits(house, PLANNER) == waits(house, city.MANAGER) == {"PLAN_TO_EXECUTE": 1}
    assert waits(house, city.PARTNER) == {}
    (plan,) = items(house, "PLAN_TO_EXECUTE", PLANNER)
    assert (plan.plan_id, plan.task_id, plan.number) == ("plan-1", "", "渝司专查计划〔2025〕1号")
    city.create(house, origin="TASK_ORIGIN_PLAN", plan_id="plan-1")
    assert waits(house, PLANNER) == {}


def test_drafts_filings_intercepted_codes_and_disposals_wait_for_the_manager(house: House) -> None:
    house.call("tasks", "CreateTask", {"task": city.draft(), "draft": True}, by=city.MANAGER)
    city.create(house, kind="TASK_KIND_SPECIAL")
    found = waits(house, city.MANAGER)
    assert (found["TASK_TO_START"], found["TASK_TO_FILE"]) == (1, 1)
    task, (caught, given) = city.dispatched(house, city.SHOP, city.CAFE)
    city.intercept(house, task.task_id, caught.inspection_id)
    city.visited(house, task, given)
    other = {"disposal": "DISPOSAL_KIND_TRANSFER", "disposal_deadline": ""}
    city.finish(house, given.inspection_id, **(city.PENDING | other))
    found = waits(house, city.MANAGER)
    assert (found["CODE_INTERCEPTED"], found["DISPOSAL_TO_CLOSE"]) == (1, 1)
    assert waits(house, city.FIRST) == {"DISPOSAL_TO_CLOSE": 1}
    (disposal,) = items(house, "DISPOSAL_TO_CLOSE", city.FIRST)
    assert not disposal.HasField("term")


def test_what_is_due_soon_and_overdue_is_counted_in_working_days(house: House) -> None:
    task, (inspection,) = city.dispatched(house, ends_on="2025-06-12")
    city.visited(house, task, inspection)
    assert counters(house, city.FIRST) == (1, 1, 0, 0)
    wider = house.call("tasks", "GetToDo", {"soon_workdays": 2}, by=city.FIRST)
    assert (wider.due_soon, wider.text) == (0, "待办 1 项，其中退回 0 项，超期 0 项，即将到期 0 项")
    house.pass_time(days=7)
    assert counters(house, city.FIRST) == (1, 0, 1, 0)
    (late,) = items(house, "INSPECTION_TO_RECORD", city.FIRST, overdue_only=True)
    assert (late.term.days_left, late.term.workdays_left, late.term.overdue) == (-4, -2, True)


def test_what_waits_is_listed_in_pages_by_its_last_day(house: House) -> None:
    for day in ("2025-08-31", "2025-06-30", "2025-07-31"):
        city.create(house, ends_on=day)
    seen, token = [], ""
    while True:
        request = {"kind": "TO_DO_KIND_OBJECTS_TO_CHOOSE", "page_size": 2, "page_token": token}
        answer = house.call("tasks", "ListToDo", request, by=city.MANAGER)
        seen += [item.term.due_on for item in answer.items]
        token = answer.page.next_page_token
        if not token:
            break
    assert seen == ["2025-06-30", "2025-07-31", "2025-08-31"]


def test_a_kind_of_another_role_is_empty_and_other_roles_are_refused(house: House) -> None:
    city.create(house)
    assert items(house, "OBJECTS_TO_CHOOSE", city.REVIEWER) == []
    with pytest.raises(Refused) as caught:
        house.call("tasks", "GetToDo", by=city.OWNER)
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(Refused) as caught:
        house.call("tasks", "GetToDo", {"soon_workdays": 61}, by=city.MANAGER)
    assert caught.value.violations == {"soon_workdays": "RANGE"}


def test_a_deleted_or_cancelled_task_waits_for_nobody(house: House) -> None:
    gone, off = city.create(house), city.create(house)
    house.call("tasks", "DeleteTask", {"task_id": gone.task_id}, by=city.MANAGER)
    house.call("tasks", "CancelTask", {"task_id": off.task_id, "reason": "撤销"}, by=city.MANAGER)
    assert waits(house, city.MANAGER) == {}
    assert due(house, within_days=365) == []


# deadlines


def test_deadlines_are_shown_before_they_strike_soonest_first(house: House) -> None:
    trial = city.create(house, **TEST)
    joint = city.create(house, **city.JOINT)
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id, **city.PENDING)
    assert due(house) == [("PURGE", trial.number, 2), ("INVITATION", joint.number, 3)]
    assert due(house, within_days=30)[-1] == ("DISPOSAL", task.number, 22)
    assert due(house, within_days=90)[-1] == ("TASK_END", trial.number, 83)
    assert due(house, city.PARTNER) == [("INVITATION", joint.number, 3)]
    found = house.call("tasks", "ListDeadlines", {"kind": "DEADLINE_KIND_INVITATION"}, by=city.MANAGER).deadlines
    (invitation,) = found
    assert (invitation.authority_id, invitation.consequence) == (city.MARKET, "逾期未答复视为不参加")
    assert (invitation.term.due_on, invitation.term.workdays_left) == ("2025-06-12", 3)


def test_a_test_task_is_due_on_the_day_of_its_purge_in_shanghai(house: House) -> None:
    house.pass_time(hours=16)  # one in the morning of the 10th in Shanghai
    trial = city.create(house, **TEST)
    (purge,) = house.call("tasks", "ListDeadlines", {"kind": "DEADLINE_KIND_PURGE"}, by=city.MANAGER).deadlines
    assert (purge.number, purge.term.due_on, purge.term.days_left) == (trial.number, "2025-06-12", 2)
    house.pass_time(hours=48)
    house.fire("tasks", "purge_test_tasks")
    assert due(house, within_days=365) == []


def test_what_struck_is_no_longer_due_and_what_was_missed_is_overdue(house: House) -> None:
    task = city.create(house, **city.JOINT)
    late, _ = city.dispatched(house, ends_on="2025-06-13")
    house.pass_time(days=4)
    house.fire("tasks", "close_overdue_invitations")
    assert due(house, city.PARTNER) == []
    house.pass_time(days=1)
    assert due(house, overdue_only=True) == [("TASK_END", late.number, -1)]
    assert waits(house, city.MANAGER) == {"TASK_TO_FORM": 1, "TASK_TO_COMPLETE": 1}
    assert task.number not in [number for _, number, _ in due(house, overdue_only=True)]


def test_a_deadline_in_a_year_without_a_notice_is_provisional(house: House) -> None:
    city.create(house, ends_on="2028-03-01")
    (end,) = house.call("tasks", "ListDeadlines", {"within_days": 3660}, by=city.MANAGER).deadlines
    assert end.term.provisional
    near = city.create(house, ends_on="2025-10-09")
    first = house.call("tasks", "ListDeadlines", {"within_days": 3660}, by=city.MANAGER).deadlines[0]
    assert (first.number, first.term.provisional) == (near.number, False)
    assert first.term.workdays_left == 83  # the holidays of October do not count, the Sunday worked for them does


def test_overseers_see_all_and_others_their_own(house: House) -> None:
    city.create(house, **city.JOINT)
    assert len(due(house, city.SUPERVISOR)) == 1
    assert len(due(house, city.SUPERVISOR, authority_id=city.MARKET)) == 1
    assert due(house, city.SUPERVISOR, authority_id=city.DISTRICT) == []
    with pytest.raises(Refused) as caught:
        due(house, city.MANAGER, authority_id=city.MARKET)
    assert caught.value.reason == "NOT_YOURS"
    with pytest.raises(Refused) as caught:
        due(house, within_days=3661)
    assert caught.value.violations == {"within_days": "RANGE"}


def test_deadlines_are_listed_in_pages_and_exported_to_excel(house: House) -> None:
    for day in ("2025-06-14", "2025-06-12", "2025-06-13"):
        city.create(house, ends_on=day)
    first = house.call("tasks", "ListDeadlines", {"page_size": 2}, by=city.MANAGER)
    rest = house.call("tasks", "ListDeadlines", {"page_token": first.page.next_page_token}, by=city.MANAGER)
    assert [d.term.days_left for d in (*first.deadlines, *rest.deadlines)] == [3, 4, 5]
    file = house.call("tasks", "ExportDeadlines", by=city.MANAGER)
    (sheet,) = openpyxl.load_workbook(io.BytesIO(file.data)).worksheets
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert [row[6] for row in rows] == ["剩余天数", 3, 4, 5]
    assert rows[1][:2] == ["任务结束", first.deadlines[0].number]
