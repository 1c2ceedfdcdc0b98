"""Setting a task up: what is filled in, what is refused, who may."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.plans.v1 import events_pb2 as plans
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import tasks_pb2 as pb

from tests.support.house import House, Refused
from tests.tasks import city


def refused(house: House, by: Any = city.MANAGER, **changes: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        city.create(house, by=by, **changes)
    return caught.value


def test_a_task_of_one_authority_is_formed_at_once_and_announced(house: House) -> None:
    task = city.create(house)
    assert task.state == pb.TASK_STATE_PENDING_EXECUTION
    assert (task.number, task.year, task.lead_domain) == ("渝司专查〔2025〕1号", 2025, "司法")
    assert task.created_by == city.MANAGER.subject
    (created,) = house.announced("tasks", facts.TaskCreated)
    (formed,) = house.announced("tasks", facts.TaskFormed)
    assert (created.number, created.nature, created.plan_id) == (task.number, "FORMAL", "")
    assert (formed.version, formed.kind, formed.method, formed.region) == (1, "DAILY", "ON_SITE", "500000")
    assert [(part.authority_id, list(part.matter_ids)) for part in formed.parts] == [(city.JUSTICE, [city.LICENCE])]


def test_who_takes_a_short_name_over_counts_on(house: House) -> None:
    assert city.create(house).number == "渝司专查〔2025〕1号"
    house.announce(
        plans.AuthorityChanged(
            authority_id=city.MARKET,
            version=2,
            name="新司法局",
            short_name="渝司",
            region="500000",
            level="CITY",
            domains=["司法"],
            listed_from="2020-01-01",
        )
    )
    successor = city.person("task_manager", city.MARKET)
    matters = [{"matter_id": city.HYGIENE}]
    assert city.create(house, by=successor, matters=matters).number == "渝司专查〔2025〕2号"


def test_numbers_run_by_authority_and_year_and_test_tasks_have_their_own(house: House) -> None:
    numbers = [city.create(house).number for _ in range(2)]
    other = city.create(house, starts_on="2026-01-05", ends_on="2026-02-01").number
    trial = city.create(house, nature="TASK_NATURE_TEST", test_term="TEST_TERM_HOURS_24").number
    assert [*numbers, other, trial] == [
        "渝司专查〔2025〕1号",
        "渝司专查〔2025〕2号",
        "渝司专查〔2026〕1号",
        "渝司测试〔2025〕1号",
    ]


def test_a_repeat_of_a_request_gets_the_first_task(house: House) -> None:
    request = {"task": city.draft(), "request_id": "r1"}
    first = house.call("tasks", "CreateTask", request, by=city.MANAGER)
    assert house.call("tasks", "CreateTask", request, by=city.MANAGER) == first
    assert len(house.announced("tasks", facts.TaskCreated)) == 1


def test_what_a_plan_says_is_read_from_it(house: House) -> None:
    house.announce(city.plan())
    task = city.create(house, name=None, starts_on=None, ends_on=None, matters=None, plan_id="plan-1")
    assert (task.name, task.starts_on, task.ends_on) == ("2025年度检查计划", "2025-01-01", "2025-12-31")
    assert (task.plan_number, task.work_requirements) == ("渝司专查计划〔2025〕1号", "按方案实施")
    assert task.origin == pb.TASK_ORIGIN_PLAN
    assert [matter.matter_id for matter in task.participants[0].matters] == [city.LICENCE, city.HYGIENE]


def test_a_task_of_a_plan_keeps_within_it(house: House) -> None:
    house.announce(city.plan())
    assert refused(house, plan_id="plan-1", ends_on="2026-01-15").violations == {"task.ends_on": "PLAN_PERIOD"}
    assert refused(house, plan_id="plan-1", matters=[{"matter_id": city.FIRE}]).violations == {
        "task.matters[0].matter_id": "PLAN_MATTER"
    }
    assert refused(
        house, plan_id="plan-1", method="METHOD_TESTING", matters=[{"matter_id": city.HYGIENE}]
    ).violations == {"task.method": "PLAN_METHOD"}


def test_a_plan_that_was_not_sent_to_the_authority_is_refused(house: House) -> None:
    house.announce(city.plan(authority_id=city.MARKET, scope=[city.MARKET]))
    assert refused(house, plan_id="plan-1").reason == "PLAN_NOT_FOR_YOU"
    assert refused(house, plan_id="no-plan").code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "task.name"),
        ({"kind": None}, "task.kind"),
        ({"method": None}, "task.method"),
        ({"starts_on": None}, "task.starts_on"),
        ({"ends_on": "2025-13-01"}, "ends_on"),
        ({"ends_on": "2025-05-01"}, "task.ends_on"),
        ({"matters": None}, "task.matters"),
        ({"matters": [{"matter_id": "0"}]}, "task.matters[0].matter_id"),
        ({"on_site_reason": None}, "task.on_site_reason"),
        ({"nature": "TASK_NATURE_TEST"}, "task.test_term"),
        ({"test_term": "TEST_TERM_DAYS_7"}, "task.test_term"),
        ({"origin": "TASK_ORIGIN_PLAN"}, "task.origin"),
        ({"origin": "TASK_ORIGIN_MATCHED"}, "task.origin"),
        ({"kind": "TASK_KIND_RANDOM", "selection": "SELECTION_MANUAL"}, "task.selection"),
        ({"survey": True}, "task.survey"),
        ({"kind": "TASK_KIND_SPECIAL", "survey": True, "staffing": "STAFFING_RANDOM"}, "task.survey"),
        ({"type": "TASK_TYPE_CROSS_AGENCY"}, "task.partners"),
        ({"invitation_deadline": "2025-06-12"}, "task.invitation_deadline"),
        (city.JOINT | {"invitation_deadline": None}, "task.invitation_deadline"),
        (city.JOINT | {"invitation_deadline": "2025-06-08"}, "task.invitation_deadline"),
        (city.JOINT | {"partners": [{"authority_id": city.JUSTICE}]}, "task.partners[0].authority_id"),
        ({"attachments": [{"sha256": "abc"}]}, "task.attachments[0].sha256"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_named(house: House, changes: dict[str, Any], field: str) -> None:
    answer = refused(house, **changes)
    assert answer.code is grpc.StatusCode.INVALID_ARGUMENT
    assert field in answer.violations
    assert house.announced("tasks", facts.TaskCreated) == []


def test_a_matter_must_be_claimed_allow_the_method_and_be_drawable(house: House) -> None:
    assert refused(house, by=city.PARTNER).reason == "MATTER_NOT_CLAIMED"
    assert refused(house, method="METHOD_TESTING").reason == "METHOD_NOT_ALLOWED"
    random = {"kind": "TASK_KIND_RANDOM", "matters": [{"matter_id": city.FIRE}]}
    assert refused(house, **random).reason == "MATTER_NOT_RANDOM"


def test_an_authority_off_the_subject_list_sets_up_nothing(house: House) -> None:
    gone = plans.AuthorityChanged(
        authority_id=city.JUSTICE, version=2, name="重庆市司法局", listed_from="2020-01-01", listed_until="2025-06-08"
    )
    house.announce(gone)
    assert refused(house).reason == "NOT_ON_SUBJECT_LIST"


def test_only_task_managers_set_up_tasks_and_only_of_their_own_authority(house: House) -> None:
    assert refused(house, by=city.HEAD).code is grpc.StatusCode.PERMISSION_DENIED
    assert refused(house, authority_id=city.MARKET).reason == "NOT_YOURS"


def test_matters_are_frozen_as_they_were_when_taken(house: House) -> None:
    task = city.create(house)
    changed = city.matter(city.LICENCE, "改名后的事项", "司法", ["ON_SITE"], [city.JUSTICE], version=2, items=1)
    house.announce(changed)
    (matter,) = city.task_of(house, task.task_id).participants[0].matters
    assert (matter.version, matter.name, len(matter.items)) == (1, "对文物经营资质的行政检查", 3)
    assert city.create(house, on_site_reason=None).participants[0].matters[0].version == 2


def test_an_older_state_of_a_matter_changes_nothing(house: House) -> None:
    for version in (3, 2):
        house.announce(
            city.matter(city.LICENCE, f"第{version}版", "司法", ["ON_SITE"], [city.JUSTICE], version=version)
        )
    assert city.create(house).participants[0].matters[0].name == "第3版"


def test_a_form_of_the_authority_brings_its_items(house: House) -> None:
    item = plans.CheckFormChanged.Item(matter_id=city.LICENCE, item_id="2")
    house.announce(
        plans.CheckFormChanged(form_id="form-1", version=1, name="表单", authority_id=city.JUSTICE, items=[item])
    )
    (matter,) = city.create(house).participants[0].matters
    assert [item.item_id for item in matter.items] == ["2"]
    assert list(matter.form_ids) == ["form-1"]


def test_a_form_off_the_list_is_for_no_new_task_and_stays_with_the_old_one(house: House) -> None:
    item = plans.CheckFormChanged.Item(matter_id=city.LICENCE, item_id="2")
    form = plans.CheckFormChanged(form_id="form-1", version=1, name="表单", authority_id=city.JUSTICE, items=[item])
    house.announce(form)
    old = city.create(house)
    form.version, form.retired = 2, True
    house.announce(form)
    (matter,) = city.create(house).participants[0].matters
    assert (list(matter.form_ids), len(matter.items)) == ([], 3)
    (kept,) = city.task_of(house, old.task_id).participants[0].matters
    assert (list(kept.form_ids), [item.item_id for item in kept.items]) == (["form-1"], ["2"])
    with pytest.raises(Refused) as caught:
        city.create(house, matters=[{"matter_id": city.LICENCE, "form_ids": ["form-1"]}])
    assert caught.value.violations == {"task.matters[0].form_ids[0]": "UNKNOWN"}


def test_a_dynamic_form_is_made_for_one_task(house: House) -> None:
    choice = {"matter_id": city.LICENCE, "dropped_item_ids": ["1", "2"], "own_items": [{"name": "消防通道照片"}]}
    task = city.create(house, content_mode="CONTENT_MODE_BY_MATTER", matters=[choice])
    assert [item.name for item in task.participants[0].matters[0].items][-1] == "消防通道照片"
    assert [item.own for item in task.participants[0].matters[0].items] == [False, True]


def test_a_draft_waits_to_be_started(house: House) -> None:
    draft = house.call("tasks", "CreateTask", {"task": city.draft(), "draft": True}, by=city.MANAGER)
    assert draft.state == pb.TASK_STATE_DRAFT
    assert house.announced("tasks", facts.TaskFormed) == []
    started = house.call("tasks", "StartTask", {"task_id": draft.task_id}, by=city.MANAGER)
    assert started.state == pb.TASK_STATE_PENDING_EXECUTION
    with pytest.raises(Refused, match="现在可以") as caught:
        house.call("tasks", "StartTask", {"task_id": draft.task_id}, by=city.MANAGER)
    assert caught.value.metadata["state"] == "PENDING_EXECUTION"
    assert "dispatch" in caught.value.metadata["possible"]


def test_an_update_replaces_what_was_entered_and_is_announced_again(house: House) -> None:
    task = city.create(house)
    city.approve_scheme(house, task.task_id)
    entered = city.draft(name="改名", ends_on="2025-09-30") | {"task_id": task.task_id}
    changed = house.call("tasks", "UpdateTask", {"task": entered}, by=city.MANAGER)
    assert (changed.name, changed.ends_on, changed.number) == ("改名", "2025-09-30", task.number)
    assert not changed.HasField("scheme")
    assert [formed.version for formed in house.announced("tasks", facts.TaskFormed)] == [1, 2]


def test_a_stale_etag_is_refused(house: House) -> None:
    task = city.create(house)
    entered = city.draft(name="改名") | {"task_id": task.task_id}
    house.call("tasks", "UpdateTask", {"task": entered, "etag": task.etag}, by=city.MANAGER)
    with pytest.raises(Refused) as caught:
        house.call("tasks", "UpdateTask", {"task": entered, "etag": task.etag}, by=city.MANAGER)
    assert caught.value.code is grpc.StatusCode.ABORTED


def test_a_task_is_edited_and_deleted_until_objects_are_chosen(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    entered = city.draft(name="改名") | {"task_id": task.task_id}
    for method, request in (("UpdateTask", {"task": entered}), ("DeleteTask", {"task_id": task.task_id})):
        with pytest.raises(Refused) as caught:
            house.call("tasks", method, request, by=city.MANAGER)
        assert caught.value.reason == "OBJECTS_STAND"


def test_a_deleted_task_is_gone_from_lists_and_forgotten_by_others(house: House) -> None:
    task = city.create(house)
    house.call("tasks", "DeleteTask", {"task_id": task.task_id}, by=city.MANAGER)
    with pytest.raises(Refused) as caught:
        city.task_of(house, task.task_id)
    assert caught.value.code is grpc.StatusCode.NOT_FOUND
    assert list(house.call("tasks", "ListTasks", {}, by=city.MANAGER).tasks) == []
    assert [purged.task_id for purged in house.announced("tasks", facts.TaskPurged)] == [task.task_id]
    assert city.create(house).number == "渝司专查〔2025〕2号"


def test_others_neither_see_nor_touch_a_task(house: House) -> None:
    task = city.create(house)
    for method in ("GetTask", "StartTask", "DispatchTask", "DeleteTask"):
        with pytest.raises(Refused) as caught:
            house.call("tasks", method, {"task_id": task.task_id}, by=city.PARTNER)
        assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
    assert list(house.call("tasks", "ListTasks", {}, by=city.PARTNER).tasks) == []
    assert city.task_of(house, task.task_id, by=city.SUPERVISOR).number == task.number


def test_a_list_filters_orders_and_pages(house: House) -> None:
    for name in ("甲", "乙", "丙"):
        city.create(house, name=name)
    first = house.call("tasks", "ListTasks", {"page_size": 2, "order_by": "number"}, by=city.MANAGER)
    token = first.page.next_page_token
    rest = house.call(
        "tasks", "ListTasks", {"page_size": 2, "order_by": "number", "page_token": token}, by=city.MANAGER
    )
    assert [task.name for task in (*first.tasks, *rest.tasks)] == ["甲", "乙", "丙"]
    newest = house.call("tasks", "ListTasks", {}, by=city.MANAGER)
    assert [task.name for task in newest.tasks] == ["丙", "乙", "甲"]
    assert [t.name for t in house.call("tasks", "ListTasks", {"name": "乙"}, by=city.MANAGER).tasks] == ["乙"]
    assert len(house.call("tasks", "ListTasks", {"tab": "TASK_TAB_SELECTING"}, by=city.MANAGER).tasks) == 3
    assert len(house.call("tasks", "ListTasks", {"tab": "TASK_TAB_OPEN"}, by=city.MANAGER).tasks) == 0
    with pytest.raises(Refused) as caught:
        house.call("tasks", "ListTasks", {"order_by": "colour"}, by=city.MANAGER)
    assert caught.value.violations == {"order_by": "ORDER"}


def test_a_list_is_exported_to_excel(house: House) -> None:
    import io

    import openpyxl

    city.create(house, name="=1+1")
    file = house.call("tasks", "ExportTasks", {}, by=city.MANAGER)
    (sheet,) = openpyxl.load_workbook(io.BytesIO(file.data)).worksheets
    assert [cell.value for cell in sheet[2]][:2] == ["渝司专查〔2025〕1号", "=1+1"]
    assert sheet["B2"].data_type == "s"


def test_counters_count_the_caller_s_own_formal_tasks(house: House) -> None:
    city.create(house)
    city.create(house, starts_on="2024-11-01", ends_on="2024-12-31")
    city.create(house, nature="TASK_NATURE_TEST", test_term="TEST_TERM_DAYS_7")
    city.create(house, **city.JOINT)
    house.call("tasks", "CreateTask", {"task": city.draft(), "draft": True}, by=city.MANAGER)
    counters = house.call("tasks", "GetTaskCounters", {}, by=city.MANAGER)
    assert (counters.year, counters.total, counters.drafts, counters.awaiting, counters.pending) == (2025, 3, 1, 1, 1)
    assert (counters.left_over, counters.confirming, counters.selecting) == (1, 2, 2)
    assert counters.text.startswith("今年共有 3 个任务")
    theirs = house.call("tasks", "GetTaskCounters", {}, by=city.PARTNER)
    assert (theirs.total, theirs.confirming) == (0, 1)


def test_the_tab_where_objects_are_chosen_counts_and_filters_what_waits_for_them(house: House) -> None:
    chosen, staffed, empty = (city.create(house).task_id for _ in range(3))
    drawn = city.create(house, kind="TASK_KIND_RANDOM").task_id
    city.create(house, starts_on="2024-11-01", ends_on="2024-12-31")
    city.add(house, chosen, city.SHOP)
    city.add(house, staffed, city.CAFE)
    city.assign(house, staffed, "50000001", "50000002")

    def found(**filters: Any) -> set[str]:
        listed = house.call("tasks", "ListTasks", {"year": 2025, **filters}, by=city.MANAGER)
        return {task.task_id for task in listed.tasks}

    assert found(objects="SETTLED_STATUS_OPEN") == {empty, drawn}
    assert found(objects="SETTLED_STATUS_SETTLED", inspectors="SETTLED_STATUS_OPEN") == {chosen}
    assert found(inspectors="SETTLED_STATUS_SETTLED") == {staffed}
    numbers = {id: (task := city.task_of(house, id)).object_count - task.staffed_count for id in (chosen, staffed)}
    assert numbers == {chosen: 1, staffed: 0}
    assert found(selection="SELECTION_RANDOM") == found(staffing="STAFFING_RANDOM") == {drawn}
    counters = house.call("tasks", "GetTaskCounters", {}, by=city.MANAGER)
    assert (counters.unselected, counters.unselected_left_over) == (2, 1)
    told = "今年共有 4 个任务，未抽取检查对象任务 2 个，历年剩余 1 个任务未抽取对象"
    assert counters.selection_text.startswith(told)
