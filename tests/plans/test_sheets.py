"""What the Excel files show that no import takes again, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from services.chassis import sheets
from tests.plans.people import (
    ADMIN,
    ARCHIVE,
    CITY,
    DISTRICT,
    DISTRICT_MANAGER,
    DISTRICT_PLANNER,
    ENTERPRISE,
    FAR,
    FIRE,
    FIRE_PLANNER,
    HYDRANT,
    NOTARY,
    PLANNER,
    REVIEWER,
    SUPERVISOR,
    approved,
    drafted,
    furnish,
    sheet,
    submitted,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def lines(house: House, method: str, by: Any, **request: Any) -> list[dict[str, Any]]:
    head, *rows = sheet(house.call("plans", method, request, by=by).data)
    return [{header: cell or "" for header, cell in zip(head, row, strict=True)} for row in rows]


def answered(house: House) -> Any:
    out = approved(house, name="甲", scope={"authority_ids": [DISTRICT, FIRE]})
    request = {"plan_id": out.plan_id, "answer": "ANSWER_UNABLE", "reason": "无此类对象"}
    house.call("plans", "AnswerPlan", request, by=DISTRICT_PLANNER)
    return out


def test_the_sheet_of_plans_shows_the_form_the_state_and_the_answers(house: House) -> None:
    answered(house)
    drafted(house, name="乙", type="PLAN_TYPE_CROSS_AGENCY", draw_method="随机", term_note="分两批")
    first, second = lines(house, "ExportPlans", PLANNER, year=2025)
    assert (first["状态"], first["接收状态"]) == ("待执行", "待接收 1、已接收 0、无法执行 1")
    assert (first["下发机构"], first["不同地区抽查比例"]) == (f"{DISTRICT}、{FIRE}", "500103:10%")
    assert (first["监管依据"], first["检查要求"], first["说明"]) == (
        "《公证法》",
        "两人以上，亮证亮码",
        "与春季培训衔接",
    )
    assert first["审核完成日期"] == "2025-06-09"
    assert (second["计划名称"], second["接收状态"], second["计划类型"]) == ("乙", "未下发", "跨机构")
    assert (second["抽查方式"], second["期限说明"]) == ("随机", "分两批")
    assert [line["计划名称"] for line in lines(house, "ExportPlans", PLANNER, answer="ANSWER_UNABLE")] == ["甲"]


def test_the_sheet_of_received_plans_shows_the_own_answers(house: House) -> None:
    answered(house)
    (line,) = lines(house, "ExportReceivedPlans", DISTRICT_MANAGER)
    assert (line["计划名称"], line["接收状态"], line["无法执行理由"]) == ("甲", "无法执行", "无此类对象")
    assert (line["下发时间"], line["确认时间"]) == ("2025-06-09 09:00", "2025-06-09 09:00")
    (line,) = lines(house, "ExportReceivedPlans", FIRE_PLANNER, answer="ANSWER_PENDING")
    assert (line["接收状态"], line["确认时间"]) == ("待接收", "")
    assert lines(house, "ExportReceivedPlans", FIRE_PLANNER, answer="ANSWER_RECEIVED") == []
    assert lines(house, "ExportReceivedPlans", PLANNER) == []


def test_the_sheet_for_review_shows_what_the_reviewer_is_asked(house: House) -> None:
    answered(house)
    submitted(house, name="乙")
    assert [line["计划名称"] for line in lines(house, "ExportPlansForReview", REVIEWER)] == ["乙"]
    everything = lines(house, "ExportPlansForReview", REVIEWER, include_reviewed=True)
    assert [(line["计划名称"], line["状态"]) for line in everything] == [("甲", "待执行"), ("乙", "待审核")]
    with pytest.raises(Refused) as refusal:
        lines(house, "ExportPlansForReview", PLANNER)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_the_sheet_of_receipts_shows_each_line_to_whom_it_concerns(house: House) -> None:
    out = answered(house)
    rows = lines(house, "ExportReceipts", PLANNER, plan_id=out.plan_id)
    assert {(row["机构名称"], row["接收状态"], row["无法执行理由"], row["确认人"]) for row in rows} == {
        ("渝中区司法局", "无法执行", "无此类对象", "district-planner"),
        ("重庆市消防救援总队", "待接收", "", ""),
    }
    own = lines(house, "ExportReceipts", FIRE_PLANNER, plan_id=out.plan_id)
    assert [row["统一社会信用代码"] for row in own] == [FIRE]
    with pytest.raises(Refused) as refusal:
        lines(house, "ExportReceipts", ENTERPRISE, plan_id=out.plan_id)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_the_sheet_of_a_history_is_for_those_who_may_see_it(house: House) -> None:
    out = answered(house)
    rows = lines(house, "ExportPlanHistory", SUPERVISOR, plan_id=out.plan_id)
    assert [(row["操作"], row["操作人"], row["状态"]) for row in rows] == [
        ("创建", "planner", "暂存"),
        ("提交审核", "planner", "待审核"),
        ("通过", "reviewer", "待执行"),
    ]
    with pytest.raises(Refused) as refusal:
        lines(house, "ExportPlanHistory", DISTRICT_PLANNER, plan_id=out.plan_id)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_the_sheet_of_the_report_marks_what_each_authority_lacks(house: House) -> None:
    payment = {"authority_id": CITY, "payment": {"penalty_code": "0101"}}
    house.call("plans", "UpdatePayment", payment, by=ADMIN)
    rows = {row["统一社会信用代码"]: row for row in lines(house, "ExportCompleteness", ADMIN)}
    report = house.call("plans", "GetCompleteness", {"page_size": 1000}, by=ADMIN)
    assert rows.keys() == {each.authority_id for each in report.incomplete}
    for each in report.incomplete:
        marked = {word for word, cell in rows[each.authority_id].items() if cell == "缺失"}
        assert marked == set(each.missing)
    assert (rows[CITY]["罚没编码"], rows[CITY]["电子印章"]) == ("", "缺失")
    assert lines(house, "ExportCompleteness", ADMIN, region="510000")[0]["统一社会信用代码"] == FAR
    assert {row["统一社会信用代码"] for row in lines(house, "ExportCompleteness", PLANNER)} == {CITY, DISTRICT}


def test_the_sheet_of_forms_has_a_line_for_each_item(house: House) -> None:
    items = [{"matter_id": NOTARY, "item_id": "1"}, {"matter_id": ARCHIVE, "item_id": "2"}]
    form = {"check_form": {"name": "公证机构检查表", "items": items}}
    made = house.call("plans", "CreateCheckForm", form, by=PLANNER)
    other = {"check_form": {"name": "消防", "items": [{"matter_id": HYDRANT, "item_id": "1"}]}}
    house.call("plans", "CreateCheckForm", other, by=FIRE_PLANNER)
    first, second = lines(house, "ExportCheckForms", ENTERPRISE, authority_id=CITY)
    assert (first["表单编号"], first["制定机构"], first["版本"]) == (made.form_id, "重庆市司法局", 1)
    assert (first["序号"], first["检查项"], first["检查要点"], first["标准"]) == (
        1,
        "执业资质",
        "是否在有效期内、是否超范围",
        "证照齐全有效",
    )
    assert (second["序号"], second["事项编码"], second["检查项"]) == (2, ARCHIVE, "收费公示")


def test_a_form_whose_item_left_its_matter_can_still_be_exported(house: House) -> None:
    form = {"check_form": {"name": "甲", "items": [{"matter_id": NOTARY, "item_id": "2"}]}}
    house.call("plans", "CreateCheckForm", form, by=PLANNER)
    fewer = {"matter_id": NOTARY, "items": [{"item_id": "1", "name": "执业资质"}]}
    house.call("plans", "UpdateMatter", {"matter": fewer}, by=ADMIN)
    (line,) = lines(house, "ExportCheckForms", PLANNER)
    assert (line["检查项编号"], line["检查项"]) == ("2", "")


def test_the_sheet_of_the_joint_list_says_who_leads_and_who_inspects_what(house: House) -> None:
    members = [
        {"authority_id": CITY, "matter_ids": [NOTARY, ARCHIVE]},
        {"authority_id": FIRE, "matter_ids": [HYDRANT]},
    ]
    entry = {"joint_list": {"trade": "公证", "lead_id": CITY, "members": members}}
    made = house.call("plans", "CreateJointList", entry, by=PLANNER)
    rows = lines(house, "ExportJointLists", ENTERPRISE)
    assert [(row["角色"], row["机构名称"], row["事项编码"]) for row in rows] == [
        ("牵头", "重庆市司法局", NOTARY),
        ("牵头", "重庆市司法局", ARCHIVE),
        ("配合", "重庆市消防救援总队", HYDRANT),
    ]
    house.call("plans", "RetireJointList", {"joint_list_id": made.joint_list_id}, by=PLANNER)
    assert lines(house, "ExportJointLists", ENTERPRISE) == []
    assert lines(house, "ExportJointLists", ENTERPRISE, include_retired=True)[0]["是否已移出清单"] == "是"


def test_more_than_a_sheet_holds_is_refused_and_says_how_to_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "GREATEST_SHEET", 1)
    items = [{"matter_id": NOTARY, "item_id": "1"}, {"matter_id": NOTARY, "item_id": "2"}]
    house.call("plans", "CreateCheckForm", {"check_form": {"name": "甲", "items": items}}, by=PLANNER)
    answered(house)
    drafted(house)
    for method, by in (
        ("ExportPlans", PLANNER),
        ("ExportMatters", PLANNER),
        ("ExportCompleteness", ADMIN),
        ("ExportCheckForms", PLANNER),
    ):
        with pytest.raises(Refused) as refusal:
            lines(house, method, by)
        assert (refusal.value.reason, refusal.value.metadata["limit"]) == ("SHEET_TOO_LONG", "1")
        assert "请缩小筛选范围" in refusal.value.zh
