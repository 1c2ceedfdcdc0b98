"""检查频次: how often authorities inspect an object (TJ 6)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.support.house import House, Refused
from tests.tasks import city

PERIOD = {"from_date": "2025-06-01", "to_date": "2025-06-30"}


def publish(house: House, *object_ids: str, **changes: Any) -> None:
    """Published results of a task with these objects."""
    task = city.create(house, **changes)
    city.add(house, task.task_id, *object_ids, repeat_reason="专项部署")
    city.assign(house, task.task_id, "50000001", "50000002")
    city.approve_scheme(house, task.task_id)
    if task.kind == 2:
        filing = {
            "basis": "渝司〔2025〕3号",
            "content": "证照",
            "scope": "商店",
            "secret": True,
            "secret_reason": "保密",
        }
        house.call("tasks", "FileTask", {"task_id": task.task_id, "filing": filing}, by=city.MANAGER)
    city.dispatch(house, task.task_id)
    for inspection in city.inspections(house, task.task_id):
        city.visited(house, task, inspection)
        city.finish(house, inspection.inspection_id)


def figures(house: House, **filters: Any) -> dict[str, tuple[int, int, int, int, float]]:
    answer = house.call("tasks", "GetFrequencies", PERIOD | filters, by=city.SUPERVISOR)
    return {
        row.authority_name: (row.inspections, row.objects, row.repeated, row.most, row.per_object)
        for row in (*answer.rows, answer.total)
    }


def publish_joint(house: House) -> None:
    """A joint inspection of the shop, published by both."""
    task, (inspection,) = city.dispatched_joint(house)
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id)
    theirs = {"finding": "FINDING_NO_PROBLEM", "items": city.items(city.HYGIENE)}
    city.record(house, inspection.inspection_id, by=city.THIRD, **theirs)
    for member in (city.THIRD, city.FOURTH):
        house.call("tasks", "SignInspection", {"inspection_id": inspection.inspection_id}, by=member)
    signature = {"inspection_id": inspection.inspection_id, "name": "张三", "capacity": "现场负责人"}
    house.call("tasks", "SignForObject", signature, by=city.THIRD)
    city.review(house, inspection.inspection_id, by=city.PARTNER_REVIEWER)
    city.publish(house, inspection.inspection_id, by=city.PARTNER_REVIEWER)


def test_inspections_are_counted_per_different_object(house: House) -> None:
    publish(house, city.SHOP, city.CAFE)
    publish(house, city.SHOP)
    found = figures(house)
    assert found["重庆市司法局"] == found["合计"] == (3, 2, 1, 2, 1.5)
    assert found["重庆市市场监督管理局"] == (0, 0, 0, 0, 0.0)


def test_an_object_that_two_authorities_inspect_is_one_in_the_total(house: House) -> None:
    publish_joint(house)
    found = figures(house)
    assert found["重庆市司法局"] == found["重庆市市场监督管理局"] == (1, 1, 0, 1, 1.0)
    assert found["合计"] == (2, 1, 1, 2, 2.0)


def test_special_inspections_are_told_apart_and_tests_count_nowhere(house: House) -> None:
    publish(house, city.SHOP)
    publish(house, city.SHOP, kind="TASK_KIND_SPECIAL")
    publish(house, city.CAFE, nature="TASK_NATURE_TEST", test_term="TEST_TERM_DAYS_7")
    assert figures(house, kind="TASK_KIND_SPECIAL")["合计"] == (1, 1, 0, 1, 1.0)
    assert figures(house)["合计"] == (2, 1, 1, 2, 2.0)
    assert figures(house, domain="消防")["合计"] == (0, 0, 0, 0, 0.0)
    assert figures(house, from_date="2025-06-10")["合计"] == (0, 0, 0, 0, 0.0)


def test_authority_and_region_narrow_the_figures_and_the_inspections_are_those_of_the_breakdown(house: House) -> None:
    publish_joint(house)
    publish(house, city.SHOP)
    assert set(figures(house, authority_id=city.MARKET)) == {"重庆市市场监督管理局", "合计"}
    assert set(figures(house, region="500103")) == {"渝中区司法局", "合计"}
    by = {"by": ["DIMENSION_AUTHORITY"]}
    rows = house.call("tasks", "GetEffectivenessBreakdown", PERIOD | by, by=city.SUPERVISOR).rows
    counted = {name: figure[0] for name, figure in figures(house).items() if name != "合计"}
    assert {row.authority_name: row.inspections for row in rows} == counted


def test_the_sheet_prints_the_definition_and_only_who_may_sees_it(house: House) -> None:
    publish(house, city.SHOP)
    sheet = house.call("tasks", "ExportFrequencies", PERIOD, by=city.HEAD)
    heads, *rows = city.rows_of(sheet.data)
    assert rows[-1][heads.index("频次")] == 1
    assert "不同检查对象" in house.call("tasks", "GetFrequencies", PERIOD, by=city.HEAD).definition
    with pytest.raises(Refused) as caught:
        house.call("tasks", "GetFrequencies", PERIOD, by=city.OWNER)
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
    backwards = {"from_date": "2025-06-30", "to_date": "2025-06-01"}
    with pytest.raises(Refused) as caught:
        house.call("tasks", "GetFrequencies", backwards, by=city.HEAD)
    assert caught.value.violations == {"to_date": "PERIOD"}
