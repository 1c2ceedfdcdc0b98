"""The five figures of TJ 19."""

from __future__ import annotations

import io
from typing import Any

import grpc
import openpyxl
import pytest
from liangma.codes.v1 import events_pb2 as codes
from liangma.tasks.v1 import statistics_pb2 as pb

from tests.support.house import House, Refused
from tests.tasks import city

PERIOD = {"from_date": "2025-06-01", "to_date": "2025-06-30"}


def evaluate(house: House, inspection_id: str, score: int, authority: str = city.JUSTICE) -> None:
    house.announce(
        codes.EvaluationSubmitted(
            evaluation_id=f"e-{inspection_id}-{authority}-{score}",
            inspection_id=inspection_id,
            authority_id=authority,
            score=score,
        )
    )


def rows(house: House, **filters: str) -> dict[str, dict[str, tuple[int, int]]]:
    answer = house.call("tasks", "GetEffectiveness", PERIOD | filters, by=city.SUPERVISOR)
    return {row.authority_id: _values(row) for row in [*answer.authorities, answer.total]}


def _values(row: Any) -> dict[str, tuple[int, int]]:
    return {
        pb.EffectivenessFigure.Name(f.figure).removeprefix("EFFECTIVENESS_FIGURE_"): (f.numerator, f.denominator)
        for f in row.figures
    }


def test_every_figure_says_what_it_counted(house: House) -> None:
    task, (scanned, excepted) = city.dispatched(house, city.SHOP, city.CAFE)
    city.visited(house, task, scanned)
    city.finish(house, scanned.inspection_id, **city.PENDING)
    city.code(house, task.task_id, excepted.inspection_id)
    city.refuse_scan(house, excepted.inspection_id, city.CAFE)
    city.finish(house, excepted.inspection_id)
    _, (paper,) = city.dispatched(house, city.FACTORY, method="METHOD_DOCUMENTARY", on_site_reason=None)
    city.finish(house, paper.inspection_id)
    for inspection, score in ((scanned, 5), (excepted, 2), (paper, 4)):
        evaluate(house, inspection.inspection_id, score)
    found = rows(house)
    assert found[city.JUSTICE] == {
        "JOINT_RATE": (0, 3),
        "OFF_SITE_RATE": (1, 3),
        "PROBLEM_RATE": (1, 3),
        "SCAN_RATE": (1, 2),
        "PRAISE_RATE": (2, 3),
    }
    nothing = dict.fromkeys(found[city.JUSTICE], (0, 0))
    assert (found[city.MARKET], found[city.DISTRICT]) == (nothing, nothing)
    assert found[""] == found[city.JUSTICE]


def test_a_joint_inspection_counts_for_each_authority_that_published(house: House) -> None:
    task, (inspection,) = city.dispatched_joint(house)
    city.code(house, task.task_id, inspection.inspection_id, kind="JOINT")
    city.verify(house, inspection.inspection_id)
    city.finish(house, inspection.inspection_id)
    assert rows(house)[city.JUSTICE]["JOINT_RATE"] == (1, 1)
    assert rows(house)[city.MARKET]["JOINT_RATE"] == (0, 0)
    entry = {"finding": "FINDING_NO_PROBLEM", "items": city.items(city.HYGIENE)}
    city.record(house, inspection.inspection_id, by=city.THIRD, **entry)
    city.sign(house, inspection.inspection_id, city.THIRD, city.FOURTH)
    city.review(house, inspection.inspection_id, by=city.PARTNER_REVIEWER)
    city.publish(house, inspection.inspection_id, by=city.PARTNER_REVIEWER)
    evaluate(house, inspection.inspection_id, 5)
    evaluate(house, inspection.inspection_id, 1, city.MARKET)
    found = rows(house)
    assert (found[city.MARKET]["JOINT_RATE"], found[""]["JOINT_RATE"]) == ((1, 1), (2, 2))
    assert (found[city.JUSTICE]["PRAISE_RATE"], found[city.MARKET]["PRAISE_RATE"]) == ((1, 1), (0, 1))


def test_region_authority_period_and_nature_narrow_the_figures(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id)
    trial, (pretended,) = city.dispatched(house, city.CAFE, nature="TASK_NATURE_TEST", test_term="TEST_TERM_DAYS_7")
    city.visited(house, trial, pretended)
    city.finish(house, pretended.inspection_id)
    assert rows(house)[city.JUSTICE]["SCAN_RATE"] == (1, 1)
    assert list(rows(house, region="500103")) == [city.DISTRICT, ""]
    assert set(rows(house, region="500000")) == {city.JUSTICE, city.MARKET, city.DISTRICT, ""}
    assert list(rows(house, authority_id=city.MARKET)) == [city.MARKET, ""]
    assert rows(house, from_date="2025-05-01", to_date="2025-06-08")[""]["SCAN_RATE"] == (0, 0)


def test_a_rate_of_nothing_is_absent_and_every_figure_prints_its_definition(house: House) -> None:
    answer = house.call("tasks", "GetEffectiveness", PERIOD, by=city.SUPERVISOR)
    for figure in answer.total.figures:
        assert not figure.HasField("rate")
        assert figure.definition.startswith("分子：")
    assert [figure.name for figure in answer.total.figures] == [
        "跨部门联合检查率",
        "非现场检查率",
        "检查问题发现率",
        "现场检查扫码率",
        "企业好评率",
    ]


def test_a_figure_drills_down_to_what_it_counts(house: House) -> None:
    task, (scanned, excepted) = city.dispatched(house, city.SHOP, city.CAFE)
    city.visited(house, task, scanned)
    city.finish(house, scanned.inspection_id)
    city.code(house, task.task_id, excepted.inspection_id)
    city.refuse_scan(house, excepted.inspection_id, city.CAFE)
    city.finish(house, excepted.inspection_id)
    for score in (5, 1):
        evaluate(house, scanned.inspection_id, score)

    def items(figure: str, **filters: Any) -> list[tuple[str, bool, int]]:
        request = PERIOD | {"figure": f"EFFECTIVENESS_FIGURE_{figure}"} | filters
        found = house.call("tasks", "ListEffectivenessInspections", request, by=city.SUPERVISOR).items
        return [(item.object_id, item.counted, item.score) for item in found]

    assert items("SCAN_RATE") == [(city.SHOP, True, 0), (city.CAFE, False, 0)]
    assert items("SCAN_RATE", counted_only=True) == [(city.SHOP, True, 0)]
    assert items("OFF_SITE_RATE", counted_only=True) == []
    assert sorted(items("PRAISE_RATE")) == [(city.SHOP, False, 1), (city.SHOP, True, 5)]
    request = PERIOD | {"figure": "EFFECTIVENESS_FIGURE_SCAN_RATE", "page_size": 1}
    page = house.call("tasks", "ListEffectivenessInspections", request, by=city.SUPERVISOR)
    token = {"page_token": page.page.next_page_token}
    rest = house.call("tasks", "ListEffectivenessInspections", request | token, by=city.SUPERVISOR)
    assert [item.object_id for item in (*page.items, *rest.items)] == [city.SHOP, city.CAFE]


def test_a_corrected_result_counts_as_it_stands(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id, **city.PENDING)
    assert rows(house)[""]["PROBLEM_RATE"] == (1, 1)
    change = {"inspection_id": inspection.inspection_id, "reason": "更正", **city.CLEAN}
    house.call("tasks", "CorrectResult", change, by=city.REVIEWER)
    assert rows(house)[""]["PROBLEM_RATE"] == (0, 1)


def test_the_figures_are_exported_with_their_definitions(house: House) -> None:
    file = house.call("tasks", "ExportEffectiveness", PERIOD, by=city.SUPERVISOR)
    book = openpyxl.load_workbook(io.BytesIO(file.data))
    assert book.sheetnames == ["效能评估", "指标定义"]
    assert [row[0].value for row in book["效能评估"]] == [
        "机构",
        "重庆市司法局",
        "重庆市市场监督管理局",
        "渝中区司法局",
        "合计",
    ]
    assert book["指标定义"]["A3"].value == "跨部门联合检查率"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"from_date": "2025-06-01"}, "to_date"),
        ({"from_date": "last year", "to_date": "2025-06-01"}, "from_date"),
        ({"from_date": "2025-06-02", "to_date": "2025-06-01"}, "to_date"),
    ],
)
def test_a_period_must_be_one(house: House, request_: dict[str, str], field: str) -> None:
    with pytest.raises(Refused) as caught:
        house.call("tasks", "GetEffectiveness", request_, by=city.SUPERVISOR)
    assert field in caught.value.violations


def test_enterprises_see_no_figures(house: House) -> None:
    with pytest.raises(Refused) as caught:
        house.call("tasks", "GetEffectiveness", PERIOD, by=city.OWNER)
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
