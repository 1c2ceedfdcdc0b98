"""Check forms and trades of the joint list from files whose rows stand together, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from liangma.plans.v1 import events_pb2

from services.plans.use_cases import import_check_forms, import_joint_lists
from tests.plans.people import (
    ADMIN,
    ARCHIVE,
    CITY,
    DISTRICT,
    DISTRICT_MANAGER,
    DISTRICT_PLANNER,
    ENTERPRISE,
    FIRE,
    FIRE_PLANNER,
    HYDRANT,
    NOTARY,
    PLANNER,
    UNLISTED,
    furnish,
    sheet,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def imported(house: House, method: str, rows: Any, by: Any) -> dict[str, Any]:
    numbered = [{"line": index, **row} for index, row in enumerate(rows, start=2)]
    return json_format.MessageToDict(house.call("plans", method, {"rows": numbered}, by=by))


def forms_in(house: House, *rows: dict[str, str], by: Any = PLANNER) -> dict[str, Any]:
    return imported(house, "ImportCheckForms", rows, by)


def trades_in(house: House, *rows: dict[str, str], by: Any = ADMIN) -> dict[str, Any]:
    return imported(house, "ImportJointLists", rows, by)


def item(matter_id: str = NOTARY, item_id: str = "1", **changes: str) -> dict[str, str]:
    return {"name": "公证机构检查表", "matter_id": matter_id, "item_id": item_id} | changes


def part(role: str = "牵头", authority_id: str = CITY, matter_id: str = NOTARY, **changes: str) -> dict[str, str]:
    return {"trade": "公证", "role": role, "authority_id": authority_id, "matter_id": matter_id} | changes


PARTNER = part("配合", FIRE, HYDRANT)


def forms(house: House, **filters: Any) -> list[Any]:
    return list(house.call("plans", "ListCheckForms", filters, by=ENTERPRISE).check_forms)


def trades(house: House) -> list[Any]:
    return list(house.call("plans", "ListJointLists", by=ENTERPRISE).joint_lists)


def told(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["line"], each["column"], each["rule"]) for each in report["rejections"]]


def lines(answer: Any) -> list[dict[str, Any]]:
    head, *rows = sheet(answer.data)
    return [{header: cell or "" for header, cell in zip(head, row, strict=True)} for row in rows]


def again(found: list[dict[str, Any]], headers: dict[str, str]) -> list[dict[str, str]]:
    return [{name: str(line[header]) for name, header in headers.items()} for line in found]


def test_rows_of_one_name_become_a_form_with_its_items_in_order(house: House) -> None:
    rows = (item(item_id="2"), item(ARCHIVE, "1"), item(name="乙"))
    assert forms_in(house, *rows) == {"imported": "3"}
    first, second = forms(house)
    assert [(each.matter_id, each.item_id) for each in first.items] == [(NOTARY, "2"), (ARCHIVE, "1")]
    assert (first.authority_id, first.name, second.name) == (CITY, "公证机构检查表", "乙")
    assert forms_in(house, *rows) == {"unchanged": "3"}
    assert forms_in(house, rows[1], rows[0], rows[2]) == {"imported": "2", "unchanged": "1"}
    assert forms(house)[0].etag == "2"
    facts = house.announced("plans", events_pb2.CheckFormChanged)
    assert [(fact.version, len(fact.items), fact.retired) for fact in facts] == [
        (1, 2, False),
        (1, 1, False),
        (2, 2, False),
    ]


def test_an_item_may_be_named_instead_of_numbered(house: House) -> None:
    assert forms_in(house, item(item_id="", item="收费公示")) == {"imported": "1"}
    assert [each.item_id for each in forms(house)[0].items] == ["2"]
    assert told(forms_in(house, item(item_id="", item="收费", name="乙"))) == [("2", "检查项编号", "UNKNOWN_ITEM")]


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"item_id": "9"}, "检查项编号", "UNKNOWN_ITEM"),
        ({"matter_id": "nothing"}, "检查项编号", "UNKNOWN_ITEM"),
        ({"item_id": "1"}, "检查项编号", "DUPLICATE"),
        ({"authority_id": CITY, "form_id": "nothing"}, "表单编号", "UNKNOWN_FORM"),
        ({"authority_id": DISTRICT}, "制定机构代码", "NOT_YOURS"),
        ({"name": "长" * 201}, "表单名称", "LENGTH"),
        ({"name": ""}, "表单名称", "REQUIRED"),
    ],
)
def test_a_bad_row_refuses_its_form_and_no_other(house: House, change: dict[str, str], column: str, rule: str) -> None:
    bad = item(item_id="2") | change
    report = forms_in(house, item(name=bad["name"]), bad | {"name": bad["name"]}, item(name="乙"))
    refusals = told(report)
    assert ("3", column, rule) in refusals or ("2", column, rule) in refusals
    assert "乙" in [each.name for each in forms(house)]
    if (bad.get("form_id"), bad.get("authority_id")) == (None, None):
        assert [line for line, *_ in refusals] == ["2", "3"]
        assert [each.name for each in forms(house)] == ["乙"]


def test_the_good_rows_of_a_refused_form_say_with_which_line_they_stand(house: House) -> None:
    report = forms_in(house, item(), item(item_id="9"))
    assert told(report) == [("2", "行号", "TOGETHER"), ("3", "检查项编号", "UNKNOWN_ITEM")]
    assert "第 3 行" in report["rejections"][0]["reason"]
    assert forms(house) == []


def test_a_form_is_changed_by_its_number_and_renamed(house: House) -> None:
    forms_in(house, item())
    (made,) = forms(house)
    numbered = item(name="新名", item_id="2", form_id=made.form_id)
    assert forms_in(house, numbered) == {"imported": "1"}
    (changed,) = forms(house)
    assert (changed.form_id, changed.name, changed.items[0].item_id) == (made.form_id, "新名", "2")
    assert told(forms_in(house, numbered, numbered | {"name": "别名", "item_id": "1"})) == [
        ("2", "行号", "TOGETHER"),
        ("3", "表单名称", "DIFFERS"),
    ]
    assert told(forms_in(house, numbered, by=DISTRICT_MANAGER)) == [("2", "制定机构代码", "NOT_YOURS")]
    assert told(forms_in(house, numbered | {"authority_id": DISTRICT}, by=ADMIN)) == [("2", "制定机构代码", "FIXED")]
    assert forms_in(house, item(name="区", authority_id=DISTRICT), by=ADMIN) == {"imported": "1"}
    assert told(forms_in(house, item(name="谁"), by=ADMIN)) == [("2", "制定机构代码", "UNKNOWN_AUTHORITY")]


def test_of_several_forms_of_a_name_a_row_must_give_the_number(house: House) -> None:
    items = [{"matter_id": NOTARY, "item_id": "1"}]
    for _ in range(2):
        house.call("plans", "CreateCheckForm", {"check_form": {"name": "甲", "items": items}}, by=PLANNER)
    assert told(forms_in(house, item(name="甲"))) == [("2", "表单名称", "AMBIGUOUS")]


def test_the_sheet_of_forms_can_be_imported_again(house: House) -> None:
    forms_in(house, item(item_id="2"), item(ARCHIVE, "1"), item(name="乙"))
    found = lines(house.call("plans", "ExportCheckForms", by=ENTERPRISE))
    assert {line["是否已停用"] for line in found} == {"否"}
    assert forms_in(house, *again(found, import_check_forms.HEADERS)) == {"unchanged": "3"}


def test_a_form_taken_off_the_list_stays_readable_and_is_announced(house: House) -> None:
    forms_in(house, item(), item(name="乙"))
    made = forms(house)[0]
    id = {"form_id": made.form_id}
    with pytest.raises(Refused) as stranger:
        house.call("plans", "RetireCheckForm", id, by=DISTRICT_PLANNER)
    assert stranger.value.code is grpc.StatusCode.PERMISSION_DENIED
    off = house.call("plans", "RetireCheckForm", id | {"etag": "1"}, by=PLANNER)
    assert (off.retired, off.etag, off.updated_by) == (True, "2", "planner")
    assert [each.name for each in forms(house)] == ["乙"]
    assert [each.retired for each in forms(house, include_retired=True)] == [True, False]
    assert house.call("plans", "GetCheckForm", id, by=ENTERPRISE) == off
    assert not house.call("plans", "GetCheckForm", id | {"version": 1}, by=ENTERPRISE).retired
    fact = house.announced("plans", events_pb2.CheckFormChanged)[-1]
    assert (fact.form_id, fact.version, fact.retired) == (made.form_id, 2, True)
    for method, request in (
        ("RetireCheckForm", id),
        ("UpdateCheckForm", {"check_form": id | {"name": "丙"}}),
    ):
        with pytest.raises(Refused) as refusal:
            house.call("plans", method, request, by=PLANNER)
        assert refusal.value.reason == "CHECK_FORM_RETIRED"
    assert told(forms_in(house, item(form_id=made.form_id))) == [("2", "表单编号", "CHECK_FORM_RETIRED")]
    assert forms_in(house, item()) == {"imported": "1"}
    assert len(forms(house, name="公证")) == 1


def test_rows_of_one_trade_become_an_entry_of_the_joint_list(house: House) -> None:
    rows = (part(), part(matter_id=ARCHIVE), PARTNER)
    assert trades_in(house, *rows) == {"imported": "3"}
    (entry,) = trades(house)
    assert (entry.trade, entry.lead_id) == ("公证", CITY)
    assert [(each.authority_id, list(each.matter_ids)) for each in entry.members] == [
        (CITY, [NOTARY, ARCHIVE]),
        (FIRE, [HYDRANT]),
    ]
    assert trades_in(house, *rows) == {"unchanged": "3"}
    assert trades_in(house, rows[0], rows[2]) == {"imported": "2"}
    assert trades(house)[0].etag == "2"
    assert [fact.version for fact in house.announced("plans", events_pb2.JointListChanged)] == [1, 2]


@pytest.mark.parametrize(
    ("rows", "refusals"),
    [
        ([part()], [("2", "统一社会信用代码", "AT_LEAST_TWO")]),
        ([part(), part("配合", "nobody", HYDRANT)], [("3", "统一社会信用代码", "UNKNOWN_AUTHORITY")]),
        ([part(), part("配合", UNLISTED, ARCHIVE)], [("3", "统一社会信用代码", "NOT_ON_SUBJECT_LIST")]),
        ([part(), PARTNER, part("配合", FIRE, NOTARY)], [("4", "事项编码", "MATTER")]),
        ([part(), PARTNER, PARTNER], [("4", "事项编码", "DUPLICATE")]),
        ([part("主持"), PARTNER], [("2", "角色", "CHOICE")]),
        ([part("配合"), PARTNER], [("2", "角色", "REQUIRED")]),
        ([part(), part("牵头", FIRE, HYDRANT)], [("3", "角色", "SECOND_LEAD")]),
        ([part(trade="业" * 101), PARTNER | {"trade": "业" * 101}], [("2", "行业", "LENGTH")]),
        ([part(joint_list_id="x"), PARTNER | {"joint_list_id": "x"}], [("2", "条目编号", "UNKNOWN_ENTRY")]),
    ],
)
def test_a_bad_row_refuses_its_trade_and_no_other(
    house: House, rows: list[dict[str, str]], refusals: list[tuple[str, str, str]]
) -> None:
    good = (part(trade="律师"), PARTNER | {"trade": "律师"})
    report = trades_in(house, *rows, *good)
    assert [each for each in told(report) if each[2] != "TOGETHER"] == refusals
    assert len(report["rejections"]) == len(rows)
    assert [each.trade for each in trades(house)] == ["律师"]


def test_a_planner_imports_the_trades_the_own_authority_leads(house: House) -> None:
    report = trades_in(house, part(), PARTNER, by=FIRE_PLANNER)
    assert [rule for *_, rule in told(report)] == ["NOT_YOURS", "TOGETHER"]
    assert trades_in(house, part(), PARTNER, by=PLANNER) == {"imported": "2"}
    id = {"joint_list_id": trades(house)[0].joint_list_id}
    taken_over = (part("配合", **id), part("牵头", FIRE, HYDRANT, **id))
    assert told(trades_in(house, *taken_over, by=FIRE_PLANNER))[0][2] == "NOT_YOURS"
    assert trades_in(house, *taken_over, by=ADMIN) == {"imported": "2"}
    assert trades(house)[0].lead_id == FIRE


def test_a_trade_that_is_listed_already_or_off_the_list_is_not_entered_by_its_number(house: House) -> None:
    trades_in(house, part(), PARTNER, part(trade="律师"), PARTNER | {"trade": "律师"})
    first, second = trades(house)
    id = {"joint_list_id": second.joint_list_id}
    assert told(trades_in(house, part(**id), PARTNER | id))[0] == ("2", "行业", "TRADE_LISTED")
    assert told(trades_in(house, part(**id), PARTNER | id | {"trade": "律师"}))[-1][1:] == ("行业", "DIFFERS")
    off = {"joint_list_id": first.joint_list_id}
    house.call("plans", "RetireJointList", off, by=ADMIN)
    assert told(trades_in(house, part(**off), PARTNER | off))[0] == ("2", "条目编号", "JOINT_LIST_RETIRED")
    assert trades_in(house, part(), PARTNER) == {"imported": "2"}


def test_the_sheet_of_the_joint_list_can_be_imported_again(house: House) -> None:
    trades_in(house, part(), part(matter_id=ARCHIVE), PARTNER)
    found = lines(house.call("plans", "ExportJointLists", by=ENTERPRISE))
    assert trades_in(house, *again(found, import_joint_lists.HEADERS)) == {"unchanged": "3"}


def test_versions_of_forms_and_trades_go_out_line_by_line(house: House) -> None:
    forms_in(house, item(), item(item_id="2"))
    forms_in(house, item(item_id="2"))
    found = lines(house.call("plans", "ExportCheckFormVersions", {"form_id": forms(house)[0].form_id}, by=ENTERPRISE))
    assert [(line["版本"], line["检查项"], line["修改人"]) for line in found] == [
        (2, "收费公示", "planner"),
        (1, "执业资质", "planner"),
        (1, "收费公示", "planner"),
    ]
    trades_in(house, part(), PARTNER)
    id = {"joint_list_id": trades(house)[0].joint_list_id}
    house.call("plans", "RetireJointList", id, by=ADMIN)
    found = lines(house.call("plans", "ExportJointListVersions", id, by=ENTERPRISE))
    assert [(line["版本"], line["机构名称"], line["是否已移出清单"], line["修改人"]) for line in found] == [
        (2, "重庆市司法局", "是", "admin"),
        (2, "重庆市消防救援总队", "是", "admin"),
        (1, "重庆市司法局", "否", "admin"),
        (1, "重庆市消防救援总队", "否", "admin"),
    ]


@pytest.mark.parametrize("of", ["Authority", "Matter", "CheckForm", "JointList", "AnnualCap"])
def test_what_never_was_has_no_sheet_of_versions(house: House, of: str) -> None:
    ids = {"Authority": "authority_id", "Matter": "matter_id", "CheckForm": "form_id", "JointList": "joint_list_id"}
    with pytest.raises(Refused) as refusal:
        house.call("plans", f"Export{of}Versions", {ids.get(of, "annual_cap_id"): "nothing"}, by=ENTERPRISE)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND
