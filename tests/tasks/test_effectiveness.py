"""The five figures of TJ 19."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import grpc
import openpyxl
import pytest
from liangma.codes.v1 import events_pb2 as codes
from liangma.tasks.v1 import statistics_pb2 as pb
from liangma.tasks.v1 import tasks_pb2 as tasks
from sqlalchemy import event

from services.chassis.identity import Principal
from services.tasks.model.effectiveness import DailyCount
from services.tasks.model.terms import TaskKind
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


def test_a_scan_that_comes_after_one_authority_has_published_counts(house: House) -> None:
    task, (inspection,) = city.dispatched_joint(house)
    city.code(house, task.task_id, inspection.inspection_id, kind="JOINT")
    city.refuse_scan(house, inspection.inspection_id)
    city.finish(house, inspection.inspection_id)
    assert rows(house)[city.JUSTICE]["SCAN_RATE"] == (0, 1)
    city.verify(house, inspection.inspection_id)
    assert rows(house)[city.JUSTICE]["SCAN_RATE"] == (1, 1)


def test_an_evaluation_counts_once_whenever_it_comes_and_as_it_was_said_last(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    early = codes.EvaluationSubmitted(
        evaluation_id="e-1", inspection_id=inspection.inspection_id, authority_id=city.JUSTICE, score=2
    )
    house.announce(early)
    assert rows(house)[city.JUSTICE]["PRAISE_RATE"] == (0, 0)
    city.finish(house, inspection.inspection_id)
    assert rows(house)[city.JUSTICE]["PRAISE_RATE"] == (0, 1)
    early.score = 5
    house.announce(early)
    assert rows(house)[city.JUSTICE]["PRAISE_RATE"] == (1, 1)


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


def published(house: House, object_id: str, **changes: Any) -> str:
    """An inspection of an object, published."""
    task, (inspection,) = city.dispatched(house, object_id, **changes)
    city.visited(house, task, inspection)
    matter = changes.get("matters", [{"matter_id": city.LICENCE}])[0]["matter_id"]
    city.finish(house, inspection.inspection_id, finding="FINDING_NO_PROBLEM", items=city.items(matter))
    return str(inspection.inspection_id)


HYGIENE = {"matters": [{"matter_id": city.HYGIENE}]}


def cells(house: House, *by: str, **filters: Any) -> dict[tuple[str, ...], int]:
    request = PERIOD | {"by": [f"DIMENSION_{name}" for name in by]} | filters
    rows = house.call("tasks", "GetEffectivenessBreakdown", request, by=city.SUPERVISOR).rows
    return {(row.region, row.authority_name, row.domain, row.period): row.inspections for row in rows}


def test_figures_are_broken_down_by_authority_region_domain_and_period(house: House) -> None:
    published(house, city.SHOP)
    published(house, city.CAFE, **HYGIENE)
    house.pass_time(days=22)
    published(house, city.FACTORY)
    period = {"to_date": "2025-07-31"}
    assert cells(house, "DOMAIN", **period) == {("", "", "司法", ""): 2, ("", "", "市场监管", ""): 1}
    assert cells(house, "REGION", "MONTH", **period) == {
        ("500000", "", "", "2025-06"): 2,
        ("500000", "", "", "2025-07"): 1,
    }
    assert cells(house, "QUARTER", "DOMAIN", domain="司法", **period) == {
        ("", "", "司法", "2025-Q2"): 1,
        ("", "", "司法", "2025-Q3"): 1,
    }
    assert cells(house, "AUTHORITY", "WEEK", **period) == {
        ("500000", "重庆市司法局", "", "2025-W24"): 2,
        ("500000", "重庆市司法局", "", "2025-W27"): 1,
        ("500000", "重庆市市场监督管理局", "", ""): 0,
        ("500103", "渝中区司法局", "", ""): 0,
    }
    assert cells(house, "YEAR", region="500103", **period) == {}


def test_a_domain_narrows_figures_and_what_they_count(house: House) -> None:
    published(house, city.SHOP)
    food = published(house, city.CAFE, **HYGIENE)
    assert rows(house)[""]["SCAN_RATE"] == (2, 2)
    assert rows(house, domain="市场监管")[""]["SCAN_RATE"] == (1, 1)
    request = PERIOD | {"figure": "EFFECTIVENESS_FIGURE_SCAN_RATE", "domain": "市场监管"}
    found = house.call("tasks", "ListEffectivenessInspections", request, by=city.SUPERVISOR).items
    assert [item.inspection_id for item in found] == [food]


def test_the_inspections_of_special_tasks_are_counted_by_authority(house: House) -> None:
    published(house, city.SHOP)
    task = city.create(house, kind="TASK_KIND_SPECIAL")
    secret = {"secret": True, "secret_reason": "依法保密"}
    filing = {"basis": "渝司〔2025〕3号", "content": "证照", "scope": "文物商店", "requirements": "逐项", **secret}
    house.call("tasks", "FileTask", {"task_id": task.task_id, "filing": filing}, by=city.MANAGER)
    city.add(house, task.task_id, city.CAFE)
    city.assign(house, task.task_id, "50000001", "50000002")
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (special,) = city.inspections(house, task.task_id)
    city.visited(house, task, special)
    city.finish(house, special.inspection_id)
    by = {"by": ["DIMENSION_KIND", "DIMENSION_REGION"]}
    found = house.call("tasks", "GetEffectivenessBreakdown", PERIOD | by, by=city.SUPERVISOR).rows
    assert [(row.kind, row.inspections) for row in found] == [(tasks.TASK_KIND_DAILY, 1), (tasks.TASK_KIND_SPECIAL, 1)]
    assert rows(house, kind="TASK_KIND_SPECIAL")[city.JUSTICE]["SCAN_RATE"] == (1, 1)
    request = PERIOD | {"figure": "EFFECTIVENESS_FIGURE_SCAN_RATE", "kind": "TASK_KIND_SPECIAL"}
    behind = house.call("tasks", "ListEffectivenessInspections", request, by=city.SUPERVISOR).items
    assert [item.inspection_id for item in behind] == [special.inspection_id]


@pytest.mark.parametrize(
    ("by", "rule"), [([], "REQUIRED"), ([0], "UNKNOWN"), (["DIMENSION_WEEK", "DIMENSION_YEAR"], "PERIODS")]
)
def test_a_breakdown_says_by_what(house: House, by: list[Any], rule: str) -> None:
    with pytest.raises(Refused) as caught:
        house.call("tasks", "GetEffectivenessBreakdown", PERIOD | {"by": by}, by=city.SUPERVISOR)
    assert caught.value.violations == {"by": rule}


def test_the_weekly_report_shows_every_authority_in_its_domains_beside_the_week_before(house: House) -> None:
    published(house, city.SHOP)
    house.pass_time(days=7)
    published(house, city.CAFE, **HYGIENE)
    published(house, city.FACTORY)
    report = house.call("tasks", "GetWeeklyReport", {"day": "2025-06-18"}, by=city.SUPERVISOR)
    assert (report.from_date, report.to_date) == ("2025-06-16", "2025-06-22")
    assert [(row.domain, row.authority_name, row.inspections, row.previous_inspections) for row in report.rows] == [
        ("司法", "重庆市司法局", 1, 1),
        ("司法", "重庆市市场监督管理局", 0, 0),
        ("司法", "渝中区司法局", 0, 0),
        ("市场监管", "重庆市司法局", 1, 0),
    ]
    assert [(row.domain, row.inspections) for row in report.domains] == [("司法", 1), ("市场监管", 1)]
    assert (report.total.inspections, report.total.previous_inspections) == (2, 1)
    assert report.total.figures[3].definition.startswith("分子：完成两码互核")
    last = house.call("tasks", "GetWeeklyReport", {}, by=city.SUPERVISOR)
    assert (last.from_date, last.total.inspections) == ("2025-06-09", 1)
    district = house.call("tasks", "GetWeeklyReport", {"day": "2025-06-18", "region": "500103"}, by=city.SUPERVISOR)
    assert [row.authority_name for row in district.rows] == ["渝中区司法局"]


def test_breakdown_and_weekly_report_are_exported_with_their_definitions(house: House) -> None:
    published(house, city.SHOP)
    by = {"by": ["DIMENSION_AUTHORITY", "DIMENSION_DOMAIN"]}
    file = house.call("tasks", "ExportEffectivenessBreakdown", PERIOD | by, by=city.SUPERVISOR)
    book = openpyxl.load_workbook(io.BytesIO(file.data))
    assert book.sheetnames == ["效能评估", "指标定义"]
    assert [cell.value for cell in book["效能评估"][2]][:6] == ["500000", "重庆市司法局", "司法", None, None, 1]
    file = house.call("tasks", "ExportWeeklyReport", {"day": "2025-06-09"}, by=city.SUPERVISOR)
    book = openpyxl.load_workbook(io.BytesIO(file.data))
    assert book.sheetnames == ["分领域分部门", "分领域", "指标定义"]
    assert [cell.value for cell in book["分领域分部门"][5]][:5] == [None, "合计", None, 1, 0]


def test_figures_are_counted_anew_from_what_is_stored(house: House) -> None:
    published(house, city.SHOP)
    administrator = Principal(subject="administrator", roles=frozenset({"administrator"}))
    right = rows(house)

    def rebuild(**fields: Any) -> tuple[int, int]:
        answer = house.call("tasks", "RebuildStatistics", fields, by=administrator)
        return answer.rows, answer.corrected

    assert rebuild() == (1, 0)
    with house.work("tasks") as work:
        work.increase(
            DailyCount,
            [
                {
                    "day": date(2025, 6, 9),
                    "authority_id": city.JUSTICE,
                    "domain": "司法",
                    "kind": TaskKind.DAILY,
                    "joint": 5,
                }
            ],
        )
        work.increase(
            DailyCount,
            [
                {
                    "day": date(2025, 6, 9),
                    "authority_id": "nobody",
                    "domain": "",
                    "kind": TaskKind.DAILY,
                    "inspections": 1,
                }
            ],
        )
    assert rows(house) != right
    assert (rebuild(dry_run=True), rows(house) == right) == ((1, 2), False)
    assert (rebuild(), rows(house) == right) == ((1, 2), True)
    assert rebuild() == (1, 0)
    with pytest.raises(Refused) as caught:
        house.call("tasks", "RebuildStatistics", by=city.SUPERVISOR)
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_figures_are_read_from_the_daily_counts_alone(house: House) -> None:
    published(house, city.SHOP)
    engine, read = house.runtimes["tasks"].database.engine, set[str]()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        read.update(re.findall(r"(?:FROM|JOIN) (\w+)", statement))

    event.listen(engine, "before_cursor_execute", note)
    rows(house)
    cells(house, "DOMAIN", "MONTH")
    house.call("tasks", "GetWeeklyReport", {}, by=city.SUPERVISOR)
    event.remove(engine, "before_cursor_execute", note)
    assert read == {"daily_counts", "authorities"}


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
