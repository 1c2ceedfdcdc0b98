"""Plans from a file: good rows become drafts or change them, bad ones are reported, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from liangma.plans.v1 import events_pb2, plans_pb2

from services.plans.model.plan import AnnualPlan
from services.plans.model.plan_content import PlanContent, PlanScope, PlanSource, PlanType, RegionalRatio
from services.plans.model.values import ContentLevel, Method
from services.plans.queries.plan_columns import plan_columns
from services.plans.use_cases.import_plans import HEADERS, PlanRow, _read
from tests.plans.people import (
    ADMIN,
    COLLEAGUE,
    DISTRICT,
    FIRE,
    FIRE_PLANNER,
    HYDRANT,
    MANAGER,
    NOTARY,
    PLANNER,
    REVIEWER,
    UNLISTED,
    approved,
    drafted,
    furnish,
    person,
    sheet,
    submit,
    submitted,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def import_rows(house: House, *rows: dict[str, str], by: Any = PLANNER) -> dict[str, Any]:
    numbered = [{"line": index, **row} for index, row in enumerate(rows, start=2)]
    report = house.call("plans", "ImportPlans", {"rows": numbered}, by=by)
    return json_format.MessageToDict(report)


def row(**changes: str) -> dict[str, str]:
    return {
        "year": "2025",
        "name": "公证机构检查计划",
        "content_level": "重点",
        "lead_domain": "司法",
        "type": "跨机构",
        "joint_domains": "消防",
        "legal_basis": "《公证法》",
        "task_nature": "日常监管",
        "objects": "公证机构",
        "methods": "实地检查、DOCUMENTARY",
        "draw_method": "双随机抽查",
        "object_count": "120",
        "regional_ratios": "500103:10%；500105：0.25",
        "credit_rule": "A 级 1%",
        "requirements": "两人以上",
        "inspecting_bodies": "市、区县司法行政部门",
        "responsible_office": "公共法律服务处",
        "starts_on": "2025-01-01",
        "ends_on": "2025-12-31",
        "term_note": "上半年完成一半",
        "scope_authority_ids": DISTRICT,
        "scope_regions": "500103",
        "document_reference": "渝司发〔2025〕3号",
        "remarks": "与培训衔接",
        "matter_ids": NOTARY,
        "partner_matter_ids": HYDRANT,
        "source": "市级",
    } | changes


def listed(house: House, by: Any = PLANNER) -> list[Any]:
    return list(house.call("plans", "ListPlans", {"order_by": "number"}, by=by).plans)


def test_a_row_becomes_a_draft_with_every_field_of_the_form(house: House) -> None:
    assert import_rows(house, row()) == {"imported": "1"}
    (made,) = listed(house)
    assert (made.number, made.state, made.created_by) == (
        "渝司专查计划〔2025〕1号",
        plans_pb2.PLAN_STATE_DRAFT,
        "planner",
    )
    for name in ("name", "legal_basis", "task_nature", "draw_method", "term_note", "starts_on", "credit_rule"):
        assert getattr(made, name) == row()[name], name
    assert (made.content_level, made.type, made.source) == (
        2,
        plans_pb2.PLAN_TYPE_CROSS_AGENCY,
        plans_pb2.PLAN_SOURCE_CITY,
    )
    assert (list(made.methods), made.object_count) == ([1, 2], 120)
    assert [(each.region, each.ratio) for each in made.regional_ratios] == [("500103", 0.1), ("500105", 0.25)]
    assert (list(made.scope.authority_ids), list(made.scope.regions)) == ([DISTRICT], ["500103"])
    assert (list(made.matter_ids), list(made.partner_matter_ids)) == ([NOTARY], [HYDRANT])
    assert house.announced("plans", events_pb2.PlanStateChanged)[-1].state == "DRAFT"
    submit(house, made)
    house.call("plans", "ApprovePlan", {"plan_id": made.plan_id}, by=REVIEWER)


def test_the_same_rows_again_change_nothing(house: House) -> None:
    import_rows(house, row(), row(name="乙"))
    before = listed(house)
    assert import_rows(house, row(), row(name="乙"), row()) == {"unchanged": "3"}
    assert listed(house) == before


def test_a_row_changes_the_draft_it_is_about_and_keeps_its_files(house: House) -> None:
    made = drafted(house)
    number = {"number": made.number}
    assert import_rows(house, row(**number), by=COLLEAGUE) == {"imported": "1"}
    (changed,) = listed(house)
    assert (changed.name, changed.plan_id, changed.updated_by) == ("公证机构检查计划", made.plan_id, "colleague")
    assert changed.attachments == made.attachments
    assert import_rows(house, row(remarks="改")) == {"imported": "1"}
    assert listed(house)[0].remarks == "改"
    steps = house.call("plans", "ListPlanHistory", {"plan_id": made.plan_id}, by=PLANNER).steps
    assert [(step.action, step.by) for step in steps] == [
        ("CREATED", "planner"),
        ("EDITED", "colleague"),
        ("EDITED", "planner"),
    ]


def test_who_changed_a_plan_by_import_is_an_author_and_cannot_review_it(house: House) -> None:
    made = drafted(house)
    import_rows(house, row(number=made.number), by=COLLEAGUE)
    with pytest.raises(Refused) as refusal:
        house.call("plans", "SubmitPlan", {"plan_id": made.plan_id, "reviewer_id": "colleague"}, by=PLANNER)
    assert refusal.value.reason == "REVIEWER_IS_AUTHOR"


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"name": ""}, "计划名称", "REQUIRED"),
        ({"year": "二〇二五"}, "计划年度", "FORMAT"),
        ({"year": "1999", "starts_on": "", "ends_on": ""}, "计划年度", "RANGE"),
        ({"lead_domain": "消防", "joint_domains": ""}, "牵头领域", "NOT_OWN_DOMAIN"),
        ({"type": "多机构"}, "计划类型", "CHOICE"),
        ({"type": ""}, "联合领域", "OWN_AGENCY"),
        ({"methods": "飞行检查"}, "检查方式", "CHOICE"),
        ({"source": "乡级"}, "计划来源", "CHOICE"),
        ({"content_level": "特殊"}, "内容分级", "CHOICE"),
        ({"object_count": "-3"}, "检查对象数", "FORMAT"),
        ({"regional_ratios": "500103"}, "不同地区抽查比例", "FORMAT"),
        ({"regional_ratios": "500103:120%"}, "不同地区抽查比例", "RANGE"),
        ({"regional_ratios": "5001:1%"}, "不同地区抽查比例", "REGION"),
        ({"starts_on": "1月1日"}, "计划期限起", "FORMAT"),
        ({"ends_on": "2026-01-01"}, "计划期限止", "OUTSIDE_YEAR"),
        ({"starts_on": "2025-06-01", "ends_on": "2025-05-01"}, "计划期限止", "ORDER"),
        ({"term_note": "长" * 1001}, "期限说明", "LENGTH"),
        ({"draw_method": "长" * 201}, "抽查方式", "LENGTH"),
        ({"scope_authority_ids": UNLISTED}, "下发机构", "NOT_ON_SUBJECT_LIST"),
        ({"scope_regions": "5001"}, "下发区划", "REGION"),
        ({"matter_ids": "nothing"}, "监管事项", "UNKNOWN_MATTER"),
        ({"partner_matter_ids": NOTARY}, "配合领域监管事项", "MATTER_DOMAIN"),
        ({"number": "渝司专查计划〔2025〕9号"}, "计划编号", "UNKNOWN_NUMBER"),
    ],
)
def test_a_bad_row_is_reported_by_column_and_rule_and_takes_no_number(
    house: House, change: dict[str, str], column: str, rule: str
) -> None:
    report = import_rows(house, row(**change), row(name="好"))
    (rejection,) = report["rejections"]
    assert (rejection["line"], rejection["column"], rejection["rule"]) == ("2", column, rule)
    assert report["imported"] == "1"
    (made,) = listed(house)
    assert (made.name, made.number) == ("好", "渝司专查计划〔2025〕1号")


def test_a_reason_names_the_columns_and_not_the_fields(house: House) -> None:
    (rejection,) = import_rows(house, row(scope_regions="5001", name=""))["rejections"]
    assert "下发区划 应为六位" in rejection["reason"]
    assert "计划名称" in rejection["reason"]
    assert "scope" not in rejection["reason"]


def test_what_is_not_in_its_planners_hands_keeps_its_content_and_the_report_says_why(house: House) -> None:
    pending = submitted(house, name="待审")
    out = approved(house, name="已发")
    report = import_rows(house, row(number=pending.number), row(number=out.number), row(name="新"))
    assert [(each["line"], each["column"], each["rule"]) for each in report["rejections"]] == [
        ("2", "计划编号", "PLAN_STATE_FORBIDS"),
        ("3", "计划编号", "PLAN_STATE_FORBIDS"),
    ]
    assert "当前可以：撤回审核" in report["rejections"][0]["reason"]
    assert report["imported"] == "1"
    assert {plan.name for plan in listed(house)} == {"待审", "已发", "新"}


def test_a_plans_year_is_fixed_in_a_file_too(house: House) -> None:
    made = drafted(house)
    other = row(number=made.number, year="2026", starts_on="2026-01-01", ends_on="2026-12-31")
    (rejection,) = import_rows(house, other)["rejections"]
    assert (rejection["column"], rejection["rule"]) == ("计划年度", "FIXED")


def test_two_rows_about_one_plan_must_say_the_same(house: House) -> None:
    report = import_rows(house, row(), row(remarks="另"), row())
    assert (report["imported"], report["unchanged"]) == ("1", "1")
    (rejection,) = report["rejections"]
    assert (rejection["line"], rejection["rule"]) == ("3", "DUPLICATE")


def test_a_name_that_two_plans_have_needs_a_number(house: House) -> None:
    first, second = drafted(house), drafted(house)
    (rejection,) = import_rows(house, row(name=first.name))["rejections"]
    assert (rejection["column"], rejection["rule"]) == ("计划名称", "AMBIGUOUS")
    assert first.number in rejection["reason"]
    assert second.number in rejection["reason"]
    assert import_rows(house, row(name=first.name, number=second.number)) == {"imported": "1"}


def test_the_plans_of_others_and_deleted_ones_are_not_there_for_a_row(house: House) -> None:
    made = drafted(house)
    house.call("plans", "DeletePlan", {"plan_id": made.plan_id}, by=PLANNER)
    fire = row(lead_domain="消防", type="", joint_domains="", matter_ids=HYDRANT, partner_matter_ids="")
    assert import_rows(house, fire, by=FIRE_PLANNER) == {"imported": "1"}
    number = listed(house, FIRE_PLANNER)[0].number
    for theirs in (made.number, number):
        assert import_rows(house, row(number=theirs))["rejections"][0]["rule"] == "UNKNOWN_NUMBER"
    assert import_rows(house, row(name=made.name)) == {"imported": "1"}
    assert listed(house)[0].number == "渝司专查计划〔2025〕2号"
    assert listed(house, FIRE_PLANNER)[0].authority_id == FIRE


def test_who_may_not_plan_imports_no_plan(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        import_rows(house, row(), by=person("x", UNLISTED, "planner"))
    assert refusal.value.reason == "NOT_ON_SUBJECT_LIST"
    for by in (MANAGER, REVIEWER, ADMIN):
        with pytest.raises(Refused) as refusal:
            import_rows(house, row(), by=by)
        assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_an_import_brings_one_row_at_least_and_five_thousand_at_most(house: House) -> None:
    for count, rule in ((0, "REQUIRED"), (5001, "COUNT")):
        with pytest.raises(Refused) as refusal:
            house.call("plans", "ImportPlans", {"rows": [{}] * count}, by=PLANNER)
        assert refusal.value.violations == {"rows": rule}


def test_the_sheet_of_plans_can_be_imported_again(house: House) -> None:
    import_rows(house, row(), row(name="空", **dict.fromkeys(set(row()) - {"year", "name", "lead_domain"}, "")))
    approved(house)
    head, *lines = sheet(house.call("plans", "ExportPlans", by=PLANNER).data)
    fields = {header: name for name, header in HEADERS.items()}
    rows = [
        {fields[header]: str(cell or "") for header, cell in zip(head, line, strict=True) if header in fields}
        for line in lines
    ]
    assert len(rows) == 3
    assert import_rows(house, *rows) == {"unchanged": "3"}


WORDS = st.text(st.characters(codec="utf-8"), max_size=20).map(str.strip)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Z", "C"), exclude_characters="、;；"), min_size=1, max_size=9)
LISTS = st.lists(NAMES, max_size=3).map(tuple)
DAYS = st.none() | st.dates()
RATIOS = st.builds(RegionalRatio, st.sampled_from(["500103", "500105"]), st.floats(1e-9, 1).filter(lambda x: x > 1e-3))
CONTENTS = st.builds(
    PlanContent,
    **dict.fromkeys(("name", "lead_domain", "legal_basis", "objects", "draw_method", "term_note", "remarks"), WORDS),
    **dict.fromkeys(("joint_domains", "matter_ids", "partner_matter_ids"), LISTS),
    **dict.fromkeys(("starts_on", "ends_on"), DAYS),
    content_level=st.none() | st.sampled_from(ContentLevel),
    type=st.sampled_from(PlanType),
    source=st.sampled_from(PlanSource),
    methods=st.lists(st.sampled_from(Method), unique=True).map(tuple),
    object_count=st.integers(0, 10**9),
    regional_ratios=st.lists(RATIOS, max_size=3).map(tuple),
    scope=st.builds(PlanScope, LISTS, LISTS),
)


@given(CONTENTS)
def test_whatever_a_plan_says_comes_back_from_a_sheet_as_it_went_in(content: PlanContent) -> None:
    plan = AnnualPlan(plan_id="p", authority_id="a", year=2025, number="1号", **vars(content))
    cells = {header: str(cell(plan)) for header, cell in plan_columns({}).items()}
    row: dict[str, Any] = {name: cells[header] for name, header in HEADERS.items()}
    reading = _read(PlanRow(**row))
    assert vars(reading.content) == vars(content)
    assert (reading.number, reading.year, reading.violations) == ("1号", 2025, [])
