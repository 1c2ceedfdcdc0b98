"""设置排除规则: rules are kept with the task, and hold for what comes later if the lead says so."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.sampling.v1 import events_pb2 as sampling

from tests.support.house import House, Refused
from tests.tasks import city

CLOSED = "91500108MA0000000X"


@pytest.fixture(autouse=True)
def _closed(house: House) -> None:
    """An object that is closed down."""
    state = sampling.ObjectState(
        object_id=CLOSED, version=1, type="INSTITUTION", name="停业商行", registration_status="CLOSED", region="500108"
    )
    house.announce(sampling.ObjectChanged(batch_id="b9", objects=[state]))


def exclude(house: House, task_id: str, **rules: Any) -> Any:
    return house.call("tasks", "ExcludeObjects", {"task_id": task_id, **rules}, by=city.MANAGER)


def kept(house: House, task_id: str, **paging: Any) -> Any:
    return house.call("tasks", "ListExclusions", {"task_id": task_id, **paging}, by=city.MANAGER)


def excluded(house: House, task_id: str) -> dict[str, str]:
    """The excluded objects of a task, with the reason."""
    found = city.inspections(house, task_id)
    return {each.object.object_id: each.exclusion_reason for each in found if each.excluded}


def add(house: House, task_id: str, *object_ids: str, apply: bool = True) -> Any:
    objects = [{"object_id": id} for id in object_ids]
    request = {"task_id": task_id, "objects": objects, "apply_exclusions": apply}
    return house.call("tasks", "AddObjects", request, by=city.MANAGER)


def refused(house: House, method: str, request: dict[str, Any], by: Any = city.MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("tasks", method, request, by=by)
    return caught.value


def test_rules_are_kept_with_who_when_and_how_many(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP, city.CAFE, CLOSED)
    exclude(
        house, task.task_id, registration_statuses=["CLOSED"], record={"min_count": 2, "kinds": ["TASK_KIND_DAILY"]}
    )
    house.pass_time(hours=1)
    exclude(house, task.task_id, object_ids=[city.SHOP, city.FACTORY])
    newest, first = kept(house, task.task_id).exclusions
    assert (newest.by_list, newest.list_size, list(newest.object_ids)) == (1, 2, [])
    assert (first.by_status, first.by_record, first.record.min_count) == (1, 0, 2)
    assert list(first.registration_statuses) == ["CLOSED"]
    assert (first.applied_by, first.authority_id) == (city.MANAGER.subject, city.JUSTICE)
    assert newest.applied_at.seconds - first.applied_at.seconds == 3600
    page = kept(house, task.task_id, page_size=1)
    rest = kept(house, task.task_id, page_size=1, page_token=page.page.next_page_token)
    assert [page.exclusions[0].exclusion_id, rest.exclusions[0].exclusion_id] == [
        newest.exclusion_id,
        first.exclusion_id,
    ]


def test_a_named_list_is_shown_whole_one_at_a_time_to_who_may_read_the_task(house: House) -> None:
    task, other = city.create(house), city.create(house)
    city.add(house, task.task_id, city.SHOP)
    exclude(house, task.task_id, object_ids=[city.SHOP, city.CAFE])
    id = kept(house, task.task_id).exclusions[0].exclusion_id
    request = {"task_id": task.task_id, "exclusion_id": id}
    one = house.call("tasks", "GetExclusion", request, by=city.SUPERVISOR)
    assert list(one.object_ids) == sorted([city.SHOP, city.CAFE])
    assert refused(house, "GetExclusion", request | {"task_id": other.task_id}).code is grpc.StatusCode.NOT_FOUND
    assert refused(house, "ListExclusions", {"task_id": task.task_id}, by=city.PARTNER).reason == "NOT_YOURS"


def test_what_comes_later_is_excluded_only_when_the_lead_says_so(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    exclude(house, task.task_id, registration_statuses=["CLOSED"], object_ids=[city.CAFE])
    assert add(house, task.task_id, city.CAFE, apply=False).excluded == 0
    assert excluded(house, task.task_id) == {}
    added = add(house, task.task_id, CLOSED, city.FACTORY)
    assert (added.added, added.excluded) == (2, 1)
    reason = "按企业状态排除：关闭停业或清算备案（适用 2025-06-09 设置的排除规则）"
    assert excluded(house, task.task_id) == {CLOSED: reason}
    filters = {"task_id": task.task_id, "kind": "CHANGE_KIND_OBJECT_EXCLUDED"}
    (change,) = house.call("tasks", "ListInspectionChanges", filters, by=city.MANAGER).changes
    assert (change.object_id, change.reason) == (CLOSED, reason)
    assert city.task_of(house, task.task_id).object_count == 3


def test_a_filter_and_a_file_apply_the_rules_as_well(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    exclude(house, task.task_id, registration_statuses=["CLOSED"], object_ids=[city.CAFE])
    matching = {"task_id": task.task_id, "filter": {"region": "500108"}, "apply_exclusions": True}
    found = house.call("tasks", "AddMatchingObjects", matching, by=city.MANAGER)
    assert (found.added, found.excluded) == (2, 1)
    rows = {"task_id": task.task_id, "rows": [{"object_id": city.CAFE}], "apply_exclusions": True}
    assert house.call("tasks", "ImportTaskObjects", rows, by=city.MANAGER).imported == 1
    assert set(excluded(house, task.task_id)) == {CLOSED, city.CAFE}


def test_what_was_taken_back_in_stays_in_when_others_come(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, CLOSED)
    exclude(house, task.task_id, registration_statuses=["CLOSED"])
    back = {"task_id": task.task_id, "object_ids": [CLOSED], "excluded": False}
    house.call("tasks", "MarkExcluded", back, by=city.MANAGER)
    add(house, task.task_id, CLOSED, city.SHOP)
    assert excluded(house, task.task_id) == {}


def test_a_named_list_comes_as_a_file_row_by_row(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP, city.CAFE)
    rows = [
        {"object_id": city.SHOP.lower(), "name": city.OBJECTS[city.SHOP][0]},
        {"object_id": city.FACTORY},
        {"object_id": "nobody"},
        {"object_id": city.CAFE, "name": "别的名称"},
        {"object_id": city.SHOP},
        {"line": 9, "object_id": " "},
    ]
    request = {"task_id": task.task_id, "rows": rows}
    report = house.call("tasks", "ImportExclusions", request, by=city.MANAGER)
    assert (report.imported, report.unchanged) == (1, 1)
    assert [(each.line, each.rule) for each in report.rejections] == [
        (3, "UNKNOWN"),
        (4, "NAME_MISMATCH"),
        (5, "DUPLICATE"),
        (9, "REQUIRED"),
    ]
    assert excluded(house, task.task_id) == {city.SHOP: "按指定名单排除"}
    assert add(house, task.task_id, city.FACTORY).excluded == 1
    assert kept(house, task.task_id).exclusions[0].list_size == 2
    only_bad = {"task_id": task.task_id, "rows": [{"object_id": "nobody"}]}
    assert house.call("tasks", "ImportExclusions", only_bad, by=city.MANAGER).imported == 0
    assert len(kept(house, task.task_id).exclusions) == 1
    assert refused(house, "ImportExclusions", only_bad, by=city.PARTNER).reason == "NOT_YOURS"


def test_the_file_of_a_named_list_has_a_template(house: House) -> None:
    template = house.call("tasks", "GetExclusionTemplate", {}, by=city.MANAGER)
    assert city.rows_of(template.data) == [("对象编码", "对象名称")]


def test_rules_go_with_a_task_that_is_purged(house: House) -> None:
    task = city.create(house, nature="TASK_NATURE_TEST", test_term="TEST_TERM_HOURS_24")
    city.add(house, task.task_id, city.SHOP)
    exclude(house, task.task_id, object_ids=[city.SHOP])
    house.pass_time(hours=25)
    house.fire("tasks", "purge_test_tasks")
    with house.work("tasks") as work:
        assert work.session.execute(work.tables["exclusions"].select()).all() == []
