"""检查对象名单: the list of objects of a task, its buttons and its counters (CQ 附件1 2.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from liangma.sampling.v1 import events_pb2 as sampling

from tests.support.house import House, Refused
from tests.tasks import city

ORDER = {"sha256": "0" * 64, "name": "协助函.pdf"}
KARAOKE, BATHS = "91500103MA00000002", "91500103MA00000003"


@pytest.fixture
def town(house: House) -> House:
    """The city, and two more places in its district, with trade and tags."""
    places = [
        sampling.ObjectState(
            object_id=id,
            version=1,
            type=kind,
            name=name,
            registration_status=status,
            region="500103",
            address="渝中区解放碑 2 号",
            industry=industry,
            tags=tags,
        )
        for id, kind, name, status, industry, tags in (
            (KARAOKE, "INSTITUTION", "百分之百%歌城", "ACTIVE", "R9012", ["娱乐", "消防重点"]),
            (BATHS, "SITE", "解放碑浴场", "DEREGISTERED", "O8051", ["娱乐场所"]),
        )
    ]
    house.announce(sampling.ObjectChanged(batch_id="b9", objects=places))
    return house


def refused(house: House, method: str, request: dict[str, Any], by: Any = city.MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("tasks", method, request, by=by)
    return caught.value


def listed(house: House, task: Any, **filters: Any) -> list[str]:
    """The ids on the list that a filter shows."""
    request = {"task_id": task.task_id, **filters}
    found = house.call("tasks", "ListTaskObjects", request, by=city.MANAGER).objects
    return [each.object.object_id for each in found]


def add_matching(house: House, task: Any, by: Any = city.MANAGER, repeat_reason: str = "", **filter: str) -> Any:
    request = {"task_id": task.task_id, "filter": filter, "repeat_reason": repeat_reason}
    return house.call("tasks", "AddMatchingObjects", request, by=by)


def import_rows(house: House, task: Any, *rows: dict[str, Any], by: Any = city.MANAGER) -> Any:
    return house.call("tasks", "ImportTaskObjects", {"task_id": task.task_id, "rows": list(rows)}, by=by)


def counts(house: House, task: Any) -> tuple[int, int, int, int, int]:
    now = house.call("tasks", "CountTaskObjects", {"task_id": task.task_id}, by=city.MANAGER)
    return now.total, now.excluded, now.remaining, now.repeated, now.dispatched


# the list


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [city.SHOP, city.CAFE, KARAOKE, BATHS]),
        ({"name": "歌城"}, [KARAOKE]),
        ({"name": "%"}, [KARAOKE]),
        ({"object_id": "0003"}, [BATHS]),
        ({"region": "500103"}, [KARAOKE, BATHS]),
        ({"region": "500000"}, [city.SHOP, city.CAFE, KARAOKE, BATHS]),
        ({"address": "解放碑 2"}, [KARAOKE, BATHS]),
        ({"type": "SITE"}, [BATHS]),
        ({"industry": "R90"}, [KARAOKE]),
        ({"tag": "娱乐"}, [KARAOKE]),
        ({"tag": "消防重点", "type": "SITE"}, []),
        ({"exclusion": "EXCLUSION_STATUS_EXCLUDED"}, [city.CAFE]),
        ({"exclusion": "EXCLUSION_STATUS_INCLUDED"}, [city.SHOP, KARAOKE, BATHS]),
        ({"repeat": "REPEAT_STATUS_REPEATED"}, [city.SHOP]),
        ({"repeat": "REPEAT_STATUS_FIRST", "exclusion": "EXCLUSION_STATUS_EXCLUDED"}, [city.CAFE]),
    ],
)
def test_the_list_shows_what_the_filters_let_through(
    town: House, filters: dict[str, Any], found: Sequence[str]
) -> None:
    city.dispatched(town, city.SHOP)
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP, repeat_reason="群众举报")
    city.add(town, task.task_id, city.CAFE, KARAOKE, BATHS)
    mark = {"task_id": task.task_id, "object_ids": [city.CAFE], "excluded": True, "reason": "停业"}
    town.call("tasks", "MarkExcluded", mark, by=city.MANAGER)
    assert listed(town, task, **filters) == list(found)


def test_the_list_shows_what_waits_for_inspectors(town: House) -> None:
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP, city.CAFE)
    first, _ = city.inspections(town, task.task_id)
    city.assign(town, task.task_id, "50000001", "50000002", inspection_ids=[first.inspection_id])
    assert listed(town, task, inspectors="SETTLED_STATUS_SETTLED") == [city.SHOP]
    assert listed(town, task, inspectors="SETTLED_STATUS_OPEN") == [city.CAFE]


def test_the_list_goes_on_page_by_page_and_backwards(town: House) -> None:
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP, city.CAFE, KARAOKE)
    request = {"task_id": task.task_id, "page_size": 2, "order_by": "object_id desc"}
    first = town.call("tasks", "ListTaskObjects", request, by=city.MANAGER)
    token = {"page_token": first.page.next_page_token}
    second = town.call("tasks", "ListTaskObjects", request | token, by=city.MANAGER)
    ids = [each.object.object_id for each in (*first.objects, *second.objects)]
    assert ids == sorted([city.SHOP, city.CAFE, KARAOKE], reverse=True)
    assert second.page.next_page_token == ""


def test_the_export_holds_what_the_filter_shows(town: House) -> None:
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP, KARAOKE)
    request = {"task_id": task.task_id, "tag": "娱乐"}
    sheet = town.call("tasks", "ExportTaskObjects", request, by=city.SUPERVISOR)
    heads, row = city.rows_of(sheet.data)
    shown = dict(zip(heads, row, strict=True))
    assert (shown["对象名称"], shown["对象编码"], shown["对象类型"]) == ("百分之百%歌城", KARAOKE, "机构类主体")
    assert (shown["排除状态"], shown["监管标签"], shown["行业"]) == ("未排除", "娱乐、消防重点", "R9012")


def test_strangers_do_not_see_the_list(town: House) -> None:
    task = city.create(town)
    for method in ("ListTaskObjects", "ExportTaskObjects", "CountTaskObjects"):
        assert refused(town, method, {"task_id": task.task_id}, city.PARTNER).reason == "NOT_YOURS"
    assert refused(town, "RemoveObjects", {"task_id": task.task_id, "object_ids": ["x"]}, city.PARTNER).reason == (
        "NOT_YOURS"
    )


# adding by filter


def test_all_that_a_filter_shows_of_the_directory_is_added_and_what_lies_outside_is_counted(town: House) -> None:
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP)
    answer = add_matching(town, task, type="INSTITUTION")
    assert (answer.matched, answer.added, answer.present, answer.outside) == (5, 3, 1, 1)
    assert sorted(listed(town, task)) == sorted([city.SHOP, city.CAFE, city.FACTORY, KARAOKE])
    again = add_matching(town, task, type="INSTITUTION")
    assert (again.added, again.present) == (0, 4)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"region": "500103", "registration_status": "ACTIVE"}, [KARAOKE]),
        ({"tag": "娱乐"}, [KARAOKE]),
        ({"industry": "O80"}, [BATHS]),
        ({"object_id": "YK94"}, [city.SHOP]),
        ({"name": "足浴"}, [city.CAFE]),
        ({"address": "解放碑", "type": "SITE"}, [BATHS]),
    ],
)
def test_filters_of_the_directory_add_up(town: House, filter: dict[str, str], found: Sequence[str]) -> None:
    task = city.create(town)
    assert add_matching(town, task, **filter).added == len(found)
    assert listed(town, task) == list(found)


def test_a_filter_without_any_condition_is_refused(town: House) -> None:
    task = city.create(town)
    answer = refused(town, "AddMatchingObjects", {"task_id": task.task_id, "filter": {"name": ""}})
    assert answer.violations == {"filter": "REQUIRED"}


def test_repeats_are_left_out_of_what_matches_unless_a_reason_is_given(town: House) -> None:
    city.dispatched(town, city.SHOP)
    task = city.create(town)
    answer = add_matching(town, task, region="500105")
    assert [(w.object_id, w.added) for w in answer.warnings] == [(city.SHOP, False)]
    assert listed(town, task) == [city.CAFE]
    again = add_matching(town, task, repeat_reason="专项整治", region="500105")
    assert (again.added, [w.added for w in again.warnings]) == (1, [True])
    assert counts(town, task) == (2, 0, 2, 1, 0)


# rows of a file


def test_good_rows_go_in_and_bad_ones_are_reported_by_line_and_column(town: House) -> None:
    city.dispatched(town, city.SHOP)
    task = city.create(town)
    rows = [
        {"line": 2, "object_id": f" {city.CAFE.lower()} ", "name": "重庆市江北区金茉足浴有限公司"},
        {"line": 3, "object_id": ""},
        {"line": 4, "object_id": "nobody"},
        {"line": 5, "object_id": city.FACTORY, "name": "另一家"},
        {"line": 6, "object_id": city.FARAWAY},
        {"line": 7, "object_id": city.CAFE},
        {"line": 8, "object_id": city.SHOP},
        {"line": 9, "object_id": KARAOKE, "lead": "传闻"},
        {"line": 10, "object_id": BATHS, "lead": "投诉"},
    ]
    report = import_rows(town, task, *rows)
    assert (report.imported, report.unchanged) == (1, 0)
    assert [(r.line, r.column, r.rule) for r in report.rejections] == [
        (3, "对象编码", "REQUIRED"),
        (4, "对象编码", "UNKNOWN"),
        (5, "对象名称", "NAME_MISMATCH"),
        (6, "对象编码", "OUT_OF_REGION"),
        (7, "对象编码", "DUPLICATE"),
        (8, "重复检查理由", "REPEATED_THIS_YEAR"),
        (9, "线索类型", "LEAD"),
        (10, "线索说明", "REQUIRED"),
    ]
    assert listed(town, task) == [city.CAFE]
    mended = import_rows(
        town,
        task,
        rows[0],
        {"object_id": city.SHOP, "repeat_reason": "复查"},
        {"object_id": BATHS, "lead": "投诉", "lead_detail": "12345"},
    )
    assert (mended.imported, mended.unchanged, len(mended.rejections)) == (2, 1, 0)
    baths = town.call("tasks", "ListTaskObjects", {"task_id": task.task_id, "type": "SITE"}, by=city.MANAGER)
    assert baths.objects[0].lead_detail == "12345"


def test_the_template_has_the_columns_that_rejections_name(town: House) -> None:
    sheet = town.call("tasks", "GetTaskObjectTemplate", {}, by=city.MANAGER)
    assert city.rows_of(sheet.data) == [("对象编码", "对象名称", "重复检查理由", "线索类型", "线索说明")]


def test_rows_without_a_line_are_counted_and_an_instant_task_wants_a_lead_of_each(town: House) -> None:
    task = city.create(town, kind="TASK_KIND_INSTANT")
    report = import_rows(town, task, {"object_id": city.SHOP}, {"object_id": city.CAFE, "lead": "举报"})
    assert [(r.line, r.column) for r in report.rejections] == [(1, "线索类型"), (2, "线索说明")]
    answer = refused(town, "AddMatchingObjects", {"task_id": task.task_id, "filter": {"type": "SITE"}})
    assert answer.reason == "WRONG_MODE"


# off the list


def test_many_objects_leave_the_list_at_once_or_none_does(town: House) -> None:
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP, city.CAFE, KARAOKE)
    assert city.task_of(town, task.task_id).object_count == 3
    request = {"task_id": task.task_id, "object_ids": [city.SHOP, city.FACTORY]}
    assert refused(town, "RemoveObjects", request).code is grpc.StatusCode.NOT_FOUND
    assert len(listed(town, task)) == 3
    left = town.call("tasks", "RemoveObjects", request | {"object_ids": [city.SHOP, KARAOKE]}, by=city.MANAGER)
    assert (left.total, left.remaining) == (1, 1)
    assert city.task_of(town, task.task_id).object_count == 1
    assert listed(town, task) == [city.CAFE]


def test_what_was_sent_out_does_not_leave_the_list(town: House) -> None:
    task, _ = city.dispatched(town, city.SHOP, fixity="FIXITY_SUPPLEMENTABLE")
    answer = refused(town, "RemoveObjects", {"task_id": task.task_id, "object_ids": [city.SHOP]})
    assert answer.metadata["verb"] == "remove"
    assert counts(town, task) == (1, 0, 1, 0, 1)


@pytest.mark.parametrize(
    ("method", "field", "most"), [("MarkExcluded", "object_ids", 500), ("RemoveObjects", "object_ids", 5000)]
)
def test_a_request_has_a_greatest_size(town: House, method: str, field: str, most: int) -> None:
    task = city.create(town)
    request = {"task_id": task.task_id, "object_ids": [str(n) for n in range(most + 1)], "reason": "r"}
    assert refused(town, method, request).violations == {field: "TOO_MANY"}


# exclusion rules


def exclude(house: House, task: Any, **rules: Any) -> tuple[int, int, int]:
    """How many were excluded by record, by status and by list."""
    done = house.call("tasks", "ExcludeObjects", {"task_id": task.task_id, **rules}, by=city.MANAGER)
    return done.by_record, done.by_status, done.by_list


def test_objects_are_excluded_by_status_and_by_list_with_the_rule_as_reason(town: House) -> None:
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP, city.CAFE, KARAOKE, BATHS)
    rules = {"registration_statuses": ["DEREGISTERED", "CLOSED"], "object_ids": [BATHS, city.CAFE, "nobody"]}
    assert exclude(town, task, **rules) == (0, 1, 1)
    assert exclude(town, task, **rules) == (0, 0, 0)
    assert listed(town, task, exclusion="EXCLUSION_STATUS_INCLUDED") == [city.SHOP, KARAOKE]
    reasons = {i.object.object_id: i.exclusion_reason for i in city.inspections(town, task.task_id) if i.excluded}
    assert reasons == {city.CAFE: "按指定名单排除", BATHS: "按企业状态排除：注销"}
    told = town.call("tasks", "ListInspectionChanges", {"task_id": task.task_id}, by=city.MANAGER).changes
    assert {change.reason for change in told} == set(reasons.values())


@pytest.mark.parametrize(
    ("record", "excluded"),
    [
        ({}, 2),
        ({"min_count": 2}, 0),
        ({"kinds": ["TASK_KIND_DAILY"]}, 2),
        ({"kinds": ["TASK_KIND_SPECIAL", "TASK_KIND_RANDOM"]}, 0),
        ({"finding": "FINDING_NO_PROBLEM"}, 1),
        ({"finding": "FINDING_NO_PROBLEM", "min_count": 2}, 0),
        ({"finding": "FINDING_CLOSED"}, 0),
        ({"from_date": "2025-06-02"}, 1),
        ({"to_date": "2025-05-31"}, 0),
        ({"from_date": "2025-06-01", "to_date": "2025-06-01"}, 1),
    ],
)
def test_conditions_on_the_inspection_record_hold_together_and_pending_ones_count(
    town: House, record: dict[str, Any], excluded: int
) -> None:
    done, (shop,) = city.dispatched(town, city.SHOP)
    city.visited(town, done, shop)
    city.finish(town, shop.inspection_id)
    city.dispatched(town, city.CAFE)
    task = city.create(town, matters=[{"matter_id": city.HYGIENE}])
    city.add(town, task.task_id, city.SHOP, city.CAFE, KARAOKE)
    assert exclude(town, task, record=record) == (excluded, 0, 0)
    assert counts(town, task)[:3] == (3, excluded, 3 - excluded)


def test_only_the_inspections_of_one_s_own_authority_count(town: House) -> None:
    city.dispatched(town, city.SHOP)
    task = city.create(town, by=city.PARTNER, matters=[{"matter_id": city.HYGIENE}])
    city.add(town, task.task_id, city.SHOP, by=city.PARTNER)
    rules = {"task_id": task.task_id, "record": {}}
    assert refused(town, "ExcludeObjects", rules).reason == "NOT_YOURS"
    assert town.call("tasks", "ExcludeObjects", rules, by=city.PARTNER).by_record == 0


@pytest.mark.parametrize(
    ("rules", "violations"),
    [
        ({}, {"record": "REQUIRED"}),
        ({"registration_statuses": ["CLOSED", "关门"]}, {"registration_statuses[1]": "UNKNOWN"}),
        ({"record": {"min_count": -1}}, {"record.min_count": "RANGE"}),
        ({"record": {"from_date": "2025-06-02", "to_date": "2025-06-01"}}, {"record.to_date": "PERIOD"}),
        ({"object_ids": [str(n) for n in range(5001)]}, {"object_ids": "TOO_MANY"}),
    ],
)
def test_rules_that_cannot_hold_are_refused(town: House, rules: dict[str, Any], violations: dict[str, str]) -> None:
    task = city.create(town)
    assert refused(town, "ExcludeObjects", {"task_id": task.task_id, **rules}).violations == violations


# repeats, TJ 10


def test_what_is_taken_back_in_may_have_become_a_repeat(town: House) -> None:
    first, second = city.create(town), city.create(town)
    city.add(town, first.task_id, city.SHOP)
    mark = {"task_id": first.task_id, "object_ids": [city.SHOP]}
    town.call("tasks", "MarkExcluded", mark | {"excluded": True, "reason": "停业"}, by=city.MANAGER)
    assert city.add(town, second.task_id, city.SHOP).warnings == []
    answer = refused(town, "MarkExcluded", mark)
    assert (answer.reason, answer.metadata["field"]) == ("REPEATED_THIS_YEAR", "reason")
    assert counts(town, first) == (1, 1, 0, 0, 0)
    town.call("tasks", "MarkExcluded", mark | {"reason": "已复业，须核查"}, by=city.MANAGER)
    assert counts(town, first) == (1, 0, 1, 1, 0)
    (inspection,) = city.inspections(town, first.task_id)
    assert inspection.repeat_reason == "已复业，须核查"
    repeated = next(entry for entry in inspection.history if entry.action == "REPEATED")
    assert repeated.detail == second.number


def test_an_object_that_takes_the_place_of_another_may_be_a_repeat(town: House) -> None:
    city.dispatched(town, city.CAFE)
    _, (old,) = city.dispatched(town, city.SHOP)
    request = {"inspection_id": old.inspection_id, "object_id": city.CAFE, "reason": "已停业"}
    assert refused(town, "ReplaceObject", request).reason == "REPEATED_THIS_YEAR"
    new = town.call("tasks", "ReplaceObject", request | {"repeat_reason": "复查"}, by=city.MANAGER)
    assert new.repeat_reason == "复查"


# regions, TJ 15


def test_an_assistance_order_allows_the_regions_it_names(town: House) -> None:
    task, _ = city.dispatched(town, city.SHOP, fixity="FIXITY_SUPPLEMENTABLE")
    add = {"task_id": task.task_id, "objects": [{"object_id": city.FARAWAY}]}
    attach = {"task_id": task.task_id, "assistance_order": ORDER, "regions": ["510000"]}
    assert refused(town, "AddObjects", add).reason == "OUT_OF_REGION"
    assert refused(town, "AttachAssistanceOrder", attach).violations == {"reason": "REQUIRED"}
    bad = attach | {"regions": ["天津"], "reason": "跨省线索"}
    assert refused(town, "AttachAssistanceOrder", bad).violations == {"regions[0]": "REGION"}
    town.call("tasks", "AttachAssistanceOrder", attach | {"reason": "跨省线索"}, by=city.MANAGER)
    assert refused(town, "AddObjects", add).reason == "OUT_OF_REGION"
    allowed = town.call(
        "tasks", "AttachAssistanceOrder", attach | {"reason": "跨省线索", "regions": ["120000"]}, by=city.MANAGER
    )
    assert list(allowed.assistance_regions) == ["120000"]
    assert allowed.history[-1].detail == "120000（替换 协助函.pdf）"
    assert town.call("tasks", "AddObjects", add, by=city.MANAGER).added == 1


def test_regions_of_an_assistance_order_need_the_order(town: House) -> None:
    answer = refused(town, "CreateTask", {"task": city.draft(assistance_regions=["120000"])})
    assert answer.violations == {"task.assistance_order": "ASSISTANCE"}


def test_an_object_outside_the_region_of_a_partner_is_refused(town: House) -> None:
    district = city.person("task_manager", city.DISTRICT)
    partners = [{"authority_id": city.DISTRICT, "matter_ids": [city.LICENCE]}]
    task = city.create(town, partners=partners, invitation_deadline="2025-06-12")
    town.call("tasks", "AnswerInvitation", {"task_id": task.task_id, "answer": "ANSWER_ACCEPTED"}, by=district)
    town.call("tasks", "FormTask", {"task_id": task.task_id}, by=city.MANAGER)
    answer = refused(town, "AddObjects", {"task_id": task.task_id, "objects": [{"object_id": city.SHOP}]})
    assert (answer.reason, answer.metadata["region"]) == ("OUT_OF_REGION", "500103")
    assert city.add(town, task.task_id, KARAOKE).added == 1
