"""Matters, check forms, joint lists and caps as a client meets them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from liangma.plans.v1 import events_pb2, matters_pb2

from services.plans.use_cases.import_matters import HEADERS
from tests.plans.people import (
    ADMIN,
    ARCHIVE,
    CITY,
    DISTRICT,
    DISTRICT_MANAGER,
    ENTERPRISE,
    FIRE,
    FIRE_PLANNER,
    HYDRANT,
    MANAGER,
    NOTARY,
    PLANNER,
    UNLISTED,
    furnish,
    matter,
    sheet,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")

INVALID = grpc.StatusCode.INVALID_ARGUMENT
FORBIDDEN = grpc.StatusCode.PERMISSION_DENIED
NOT_NOW = grpc.StatusCode.FAILED_PRECONDITION
TAKEN = grpc.StatusCode.ALREADY_EXISTS


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def refused(house: House, method: str, request: dict[str, Any], by: Any = ADMIN) -> Refused:
    with pytest.raises(Refused) as refusal:
        house.call("plans", method, request, by=by)
    return refusal.value


def get(house: House, matter_id: str = NOTARY, **more: Any) -> Any:
    return house.call("plans", "GetMatter", {"matter_id": matter_id} | more, by=ENTERPRISE)


def claim(house: House, matter_id: str, by: Any) -> Any:
    return house.call("plans", "ClaimMatter", {"matter_id": matter_id}, by=by)


def import_rows(house: House, *rows: dict[str, Any]) -> dict[str, Any]:
    numbered = [{"line": index, **row} for index, row in enumerate(rows, start=2)]
    report = house.call("plans", "ImportMatters", {"rows": numbered}, by=ADMIN)
    return json_format.MessageToDict(report)


def row(id: str = "330631007000", **changes: str) -> dict[str, str]:
    return {
        "matter_id": id,
        "name": "对律师事务所的行政检查",
        "domain": "司法",
        "legal_basis": "《律师法》第五十二条",
        "methods": "实地检查、DOCUMENTARY",
        "random_eligible": "是",
        "content_level": "重点",
        "items": "执业许可|是否有效、是否年检|证书在有效期内；收费公示",
    } | changes


def test_a_matter_keeps_its_items_with_points_and_standard(house: House) -> None:
    got = get(house)
    assert [item.item_id for item in got.items] == ["1", "2"]
    assert (list(got.items[0].check_points), got.items[0].standard) == (
        ["是否在有效期内", "是否超范围"],
        "证照齐全有效",
    )
    assert (got.version, got.etag, got.content_level) == (1, "1", matters_pb2.CONTENT_LEVEL_GENERAL)
    fact = house.announced("plans", events_pb2.MatterChanged)[0]
    assert (fact.matter_id, fact.version, list(fact.methods)) == (NOTARY, 1, ["ON_SITE", "DOCUMENTARY"])
    assert [item.name for item in fact.items] == ["执业资质", "收费公示"]


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"matter_id": "事项/1"}, "matter.matter_id", "MATTER_CODE"),
        ({"name": ""}, "matter.name", "REQUIRED"),
        ({"legal_basis": " "}, "matter.legal_basis", "REQUIRED"),
        ({"methods": []}, "matter.methods", "REQUIRED"),
        ({"items": [{"name": ""}]}, "matter.items[0].name", "REQUIRED"),
        ({"items": [{"name": "a", "item_id": "1"}, {"name": "b", "item_id": "1"}]}, "matter.items[1]", "DUPLICATE"),
    ],
)
def test_a_malformed_matter_is_refused_by_field_and_rule(
    house: House, change: dict[str, Any], field: str, rule: str
) -> None:
    refusal = refused(house, "CreateMatter", {"matter": matter("1") | change})
    assert (refusal.code, refusal.violations) == (INVALID, {field: rule})


def test_a_matter_is_entered_once_and_by_an_administrator(house: House) -> None:
    assert refused(house, "CreateMatter", {"matter": matter(NOTARY)}).code is TAKEN
    assert refused(house, "CreateMatter", {"matter": matter("9")}, PLANNER).code is FORBIDDEN


def test_every_version_of_a_matter_is_kept(house: House) -> None:
    house.pass_time(days=1)
    changed = {"matter_id": NOTARY, "name": "新名", "items": [{"item_id": "2", "name": "收费公示"}, {"name": "台账"}]}
    new = house.call("plans", "UpdateMatter", {"matter": changed}, by=ADMIN)
    assert [item.item_id for item in new.items] == ["2", "3"]
    claim(house, NOTARY, MANAGER)
    old = get(house, version=1)
    assert (old.name, len(old.items), list(old.claimed_by)) == ("对司法机构的行政检查", 2, [])
    assert get(house, version=2) == new
    assert list(get(house, version=3).claimed_by) == [CITY]
    first = house.call("plans", "ListMatterVersions", {"matter_id": NOTARY, "page_size": 2}, by=ENTERPRISE)
    assert [each.version for each in first.versions] == [3, 2]
    more = {"matter_id": NOTARY, "page_token": first.page.next_page_token}
    assert [each.version for each in house.call("plans", "ListMatterVersions", more, by=ENTERPRISE).versions] == [1]
    with pytest.raises(Refused) as refusal:
        get(house, version=4)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_a_stale_etag_is_refused(house: House) -> None:
    claim(house, NOTARY, MANAGER)
    request = {"matter": {"matter_id": NOTARY, "name": "新"}, "etag": "1"}
    assert refused(house, "UpdateMatter", request).code is grpc.StatusCode.ABORTED


@pytest.mark.parametrize(
    ("method", "thing", "id"),
    [
        ("UpdateAuthority", "authority", "authority_id"),
        ("UpdateMatter", "matter", "matter_id"),
        ("UpdateCheckForm", "check_form", "form_id"),
        ("UpdateJointList", "joint_list", "joint_list_id"),
        ("UpdateAnnualCap", "annual_cap", "annual_cap_id"),
    ],
)
def test_an_update_says_of_what(house: House, method: str, thing: str, id: str) -> None:
    assert refused(house, method, {thing: {id: " "}}).violations == {f"{thing}.{id}": "REQUIRED"}
    visits = {"visits": 1} if thing == "annual_cap" else {}
    assert refused(house, method, {thing: {id: "nothing"} | visits}).code is grpc.StatusCode.NOT_FOUND


def test_a_claim_is_made_and_given_back_by_the_callers_authority(house: House) -> None:
    claim(house, NOTARY, MANAGER)
    both = claim(house, NOTARY, DISTRICT_MANAGER)
    assert list(both.claimed_by) == [CITY, DISTRICT]
    assert claim(house, NOTARY, MANAGER).etag == both.etag
    left = house.call("plans", "UnclaimMatter", {"matter_id": NOTARY}, by=MANAGER)
    assert list(left.claimed_by) == [DISTRICT]
    assert house.call("plans", "UnclaimMatter", {"matter_id": NOTARY}, by=MANAGER).etag == left.etag
    claims = [list(fact.claimed_by) for fact in house.announced("plans", events_pb2.MatterChanged)]
    assert claims[3:] == [[CITY], [CITY, DISTRICT], [DISTRICT]]


def test_an_authority_claims_matters_of_its_domains_only(house: House) -> None:
    refusal = refused(house, "ClaimMatter", {"matter_id": NOTARY}, FIRE_PLANNER)
    assert (refusal.code, refusal.reason) == (FORBIDDEN, "MATTER_OUTSIDE_DOMAINS")
    assert refused(house, "ClaimMatter", {"matter_id": NOTARY}, ENTERPRISE).code is FORBIDDEN


def test_claims_at_the_same_time_are_all_kept(house: House) -> None:
    people = [MANAGER, DISTRICT_MANAGER]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda by: claim(house, NOTARY, by), people))
    assert sorted(get(house).claimed_by) == sorted([CITY, DISTRICT])


def test_a_retired_matter_can_only_be_read(house: House) -> None:
    house.call("plans", "RetireMatter", {"matter_id": NOTARY}, by=ADMIN)
    assert get(house).retired
    for method, request, by in (
        ("UpdateMatter", {"matter": {"matter_id": NOTARY, "name": "新"}}, ADMIN),
        ("RetireMatter", {"matter_id": NOTARY}, ADMIN),
        ("ClaimMatter", {"matter_id": NOTARY}, MANAGER),
    ):
        refusal = refused(house, method, request, by)
        assert (refusal.code, refusal.reason) == (NOT_NOW, "MATTER_RETIRED")
    shown = house.call("plans", "ListMatters", by=ENTERPRISE).matters
    assert NOTARY not in {each.matter_id for each in shown}
    assert len(house.call("plans", "ListMatters", {"include_retired": True}, by=ENTERPRISE).matters) == 3


def test_lists_of_matters_by_filters(house: House) -> None:
    claim(house, HYDRANT, FIRE_PLANNER)

    def shown(**filters: Any) -> list[str]:
        return [each.matter_id for each in house.call("plans", "ListMatters", filters, by=PLANNER).matters]

    assert shown() == sorted([NOTARY, HYDRANT, ARCHIVE])
    assert shown(domain="消防") == shown(claimed_by=FIRE) == [HYDRANT]
    assert shown(method="METHOD_ON_SITE") == sorted([NOTARY, HYDRANT])
    assert shown(name="司法", order_by="matter_id desc") == [ARCHIVE, NOTARY]
    assert shown(content_level="CONTENT_LEVEL_KEY") == []
    assert len(shown(random_eligible=True)) == 3


def test_an_import_takes_good_rows_reports_bad_ones_and_may_be_repeated(house: House) -> None:
    rows = (row(), row("坏 码"), row("1", methods="实地、飞行检查", random_eligible="也许"), row("2", name=""))
    report = import_rows(house, *rows)
    assert report["imported"] == "1"
    assert [(each["line"], each["column"], each["rule"]) for each in report["rejections"]] == [
        ("3", "事项编码", "MATTER_CODE"),
        ("4", "检查方式", "CHOICE"),
        ("5", "事项名称", "REQUIRED"),
    ]
    got = get(house, "330631007000")
    assert [(item.item_id, item.name, item.standard) for item in got.items] == [
        ("1", "执业许可", "证书在有效期内"),
        ("2", "收费公示", ""),
    ]
    assert list(got.items[0].check_points) == ["是否有效", "是否年检"]
    assert (got.content_level, got.random_eligible, list(got.methods)) == (matters_pb2.CONTENT_LEVEL_KEY, True, [1, 2])
    assert import_rows(house, row()) == {"unchanged": "1"}
    assert import_rows(house, row(ratio="5%"), row(ratio="6%"))["rejections"][0]["rule"] == "DUPLICATE"
    assert get(house, "330631007000").version == 2


def test_a_retired_matter_does_not_come_back_by_import(house: House) -> None:
    house.call("plans", "RetireMatter", {"matter_id": NOTARY}, by=ADMIN)
    assert import_rows(house, row(NOTARY))["rejections"][0]["rule"] == "MATTER_RETIRED"


def test_an_import_brings_one_row_at_least_and_five_thousand_at_most(house: House) -> None:
    assert refused(house, "ImportMatters", {"rows": []}).violations == {"rows": "REQUIRED"}
    assert refused(house, "ImportMatters", {"rows": [{}] * 5001}).violations == {"rows": "COUNT"}


def test_the_sheet_of_matters_can_be_imported_again(house: House) -> None:
    answer = house.call("plans", "ExportMatters", {"domain": "司法"}, by=ENTERPRISE)
    head, *lines = sheet(answer.data)
    fields = {header: name for name, header in HEADERS.items()}
    rows = [{fields[h]: cell or "" for h, cell in zip(head, line, strict=True)} for line in lines]
    assert import_rows(house, *rows) == {"unchanged": "2"}


def form(**changes: Any) -> dict[str, Any]:
    items = [{"matter_id": NOTARY, "item_id": "2"}, {"matter_id": ARCHIVE, "item_id": "1"}]
    return {"check_form": {"name": "公证机构检查表", "items": items} | changes}


def test_a_form_holds_items_of_several_matters_in_order_and_keeps_its_versions(house: House) -> None:
    made = house.call("plans", "CreateCheckForm", form(), by=PLANNER)
    assert (made.authority_id, made.version) == (CITY, 1)
    items = [{"matter_id": NOTARY, "item_id": "1"}]
    changed = {"check_form": {"form_id": made.form_id, "items": items}}
    new = house.call("plans", "UpdateCheckForm", changed, by=MANAGER)
    assert (new.name, new.version, new.updated_by) == ("公证机构检查表", 2, "manager")
    old = house.call("plans", "GetCheckForm", {"form_id": made.form_id, "version": 1}, by=ENTERPRISE)
    assert [item.item_id for item in old.items] == ["2", "1"]
    facts = house.announced("plans", events_pb2.CheckFormChanged)
    assert [(fact.version, len(fact.items)) for fact in facts] == [(1, 2), (2, 1)]
    request = {"form_id": made.form_id, "page_size": 1}
    first = house.call("plans", "ListCheckFormVersions", request, by=ENTERPRISE)
    more = request | {"page_token": first.page.next_page_token}
    rest = house.call("plans", "ListCheckFormVersions", more, by=ENTERPRISE)
    assert [*first.versions, *rest.versions] == [new, old]
    assert refused(house, "ListCheckFormVersions", {"form_id": "nothing"}).code is grpc.StatusCode.NOT_FOUND


def test_a_form_takes_only_items_that_are_on_the_list(house: House) -> None:
    wrong = [{"matter_id": NOTARY, "item_id": "9"}, {"matter_id": "nothing", "item_id": "1"}]
    refusal = refused(house, "CreateCheckForm", form(items=wrong), PLANNER)
    assert refusal.violations == {
        "check_form.items[0]": "UNKNOWN_ITEM",
        "check_form.items[1]": "UNKNOWN_ITEM",
    }
    assert refused(house, "CreateCheckForm", form(items=[]), PLANNER).violations == {"check_form.items": "REQUIRED"}


def test_a_form_is_its_keepers_to_change(house: House) -> None:
    made = house.call("plans", "CreateCheckForm", form(), by=PLANNER)
    changed = {"check_form": {"form_id": made.form_id, "name": "我的"}}
    assert refused(house, "UpdateCheckForm", changed, DISTRICT_MANAGER).code is FORBIDDEN
    assert house.call("plans", "UpdateCheckForm", changed, by=ADMIN).name == "我的"
    assert refused(house, "CreateCheckForm", form(authority_id=DISTRICT), PLANNER).code is FORBIDDEN
    assert house.call("plans", "CreateCheckForm", form(authority_id=DISTRICT), by=ADMIN).authority_id == DISTRICT
    unknown = refused(house, "CreateCheckForm", form(authority_id="nobody"))
    assert unknown.violations == {"check_form.authority_id": "UNKNOWN_AUTHORITY"}


def test_lists_of_forms_by_filters(house: House) -> None:
    house.call("plans", "CreateCheckForm", form(), by=PLANNER)
    other = form(name="乙", items=[{"matter_id": HYDRANT, "item_id": "1"}])
    house.call("plans", "CreateCheckForm", other, by=FIRE_PLANNER)

    def shown(**filters: Any) -> list[str]:
        return [each.name for each in house.call("plans", "ListCheckForms", filters, by=PLANNER).check_forms]

    assert shown() == ["公证机构检查表", "乙"]
    assert shown(matter_id=ARCHIVE) == shown(authority_id=CITY) == shown(name="公证") == ["公证机构检查表"]


def trade(**changes: Any) -> dict[str, Any]:
    members = [
        {"authority_id": CITY, "matter_ids": [NOTARY]},
        {"authority_id": FIRE, "matter_ids": [HYDRANT]},
    ]
    return {"joint_list": {"trade": "公证", "lead_id": CITY, "members": members} | changes}


def test_a_trade_is_listed_by_its_lead_changed_and_taken_off(house: House) -> None:
    made = house.call("plans", "CreateJointList", trade(), by=PLANNER)
    changed = {"joint_list": {"joint_list_id": made.joint_list_id, "trade": "公证服务"}}
    assert house.call("plans", "UpdateJointList", changed, by=PLANNER).etag == "2"
    off = house.call("plans", "RetireJointList", {"joint_list_id": made.joint_list_id}, by=PLANNER)
    assert off.retired
    for method, request in (("UpdateJointList", changed), ("RetireJointList", {"joint_list_id": made.joint_list_id})):
        assert refused(house, method, request).reason == "JOINT_LIST_RETIRED"
    assert not house.call("plans", "ListJointLists", by=ENTERPRISE).joint_lists
    shown = house.call("plans", "ListJointLists", {"include_retired": True, "authority_id": FIRE}, by=ENTERPRISE)
    assert [entry.trade for entry in shown.joint_lists] == ["公证服务"]
    facts = house.announced("plans", events_pb2.JointListChanged)
    assert [(fact.version, fact.trade, fact.retired) for fact in facts] == [
        (1, "公证", False),
        (2, "公证服务", False),
        (3, "公证服务", True),
    ]
    assert [member.authority_id for member in facts[0].members] == [CITY, FIRE]


def test_a_trade_is_on_its_leads_list_once(house: House) -> None:
    made = house.call("plans", "CreateJointList", trade(), by=PLANNER)
    refusal = refused(house, "CreateJointList", trade(), PLANNER)
    assert (refusal.code, refusal.metadata["joint_list_id"]) == (TAKEN, made.joint_list_id)
    house.call("plans", "RetireJointList", {"joint_list_id": made.joint_list_id}, by=PLANNER)
    house.call("plans", "CreateJointList", trade(), by=PLANNER)


@pytest.mark.parametrize(
    ("change", "violations"),
    [
        ({"members": [{"authority_id": CITY, "matter_ids": [NOTARY]}]}, {"members": "AT_LEAST_TWO"}),
        ({"lead_id": DISTRICT}, {"lead_id": "LEAD_NOT_MEMBER"}),
        ({"trade": ""}, {"trade": "REQUIRED"}),
        (
            {"members": [{"authority_id": CITY, "matter_ids": [HYDRANT]}, {"authority_id": "x", "matter_ids": ["y"]}]},
            {"members[0].matter_ids[0]": "MATTER", "members[1].authority_id": "UNKNOWN_AUTHORITY"},
        ),
        (
            {"members": [{"authority_id": CITY}, {"authority_id": FIRE, "matter_ids": [HYDRANT]}]},
            {"members[0].matter_ids": "REQUIRED"},
        ),
    ],
)
def test_a_malformed_trade_is_refused_by_field_and_rule(
    house: House, change: dict[str, Any], violations: dict[str, str]
) -> None:
    refusal = refused(house, "CreateJointList", trade(**change))
    assert refusal.violations == {f"joint_list.{field}": rule for field, rule in violations.items()}


def test_who_is_off_the_subject_list_takes_part_in_no_trade(house: House) -> None:
    unlisted = [{"authority_id": CITY, "matter_ids": [NOTARY]}, {"authority_id": UNLISTED, "matter_ids": [NOTARY]}]
    refusal = refused(house, "CreateJointList", trade(members=unlisted), PLANNER)
    assert refusal.violations == {"joint_list.members[1].authority_id": "NOT_ON_SUBJECT_LIST"}
    made = house.call("plans", "CreateJointList", trade(), by=PLANNER)
    left = {"authority": {"authority_id": FIRE, "listed_until": "2025-06-08"}}
    house.call("plans", "UpdateAuthority", left, by=ADMIN)
    changed = {"joint_list": {"joint_list_id": made.joint_list_id, "trade": "公证服务"}}
    assert refused(house, "UpdateJointList", changed, PLANNER).violations == {
        "joint_list.members[1].authority_id": "NOT_ON_SUBJECT_LIST"
    }
    house.call("plans", "RetireJointList", {"joint_list_id": made.joint_list_id}, by=PLANNER)


def test_a_trade_is_its_leads_to_change(house: House) -> None:
    made = house.call("plans", "CreateJointList", trade(), by=ADMIN)
    assert refused(house, "CreateJointList", trade(trade="乙"), FIRE_PLANNER).code is FORBIDDEN
    request = {"joint_list_id": made.joint_list_id}
    assert refused(house, "RetireJointList", request, FIRE_PLANNER).code is FORBIDDEN
    handed_over = {"joint_list": {"joint_list_id": made.joint_list_id, "lead_id": FIRE}}
    assert refused(house, "UpdateJointList", handed_over, PLANNER).code is FORBIDDEN
    assert house.call("plans", "UpdateJointList", handed_over, by=ADMIN).lead_id == FIRE


def cap(**changes: Any) -> dict[str, Any]:
    return {"annual_cap": {"authority_id": CITY, "year": 2025, "visits": 2} | changes}


def test_a_cap_is_set_once_changed_and_announced(house: House) -> None:
    made = house.call("plans", "CreateAnnualCap", cap(), by=ADMIN)
    refusal = refused(house, "CreateAnnualCap", cap(visits=9))
    assert (refusal.code, refusal.metadata["annual_cap_id"]) == (TAKEN, made.annual_cap_id)
    house.call("plans", "CreateAnnualCap", cap(matter_id=NOTARY), by=ADMIN)
    changed = {"annual_cap": {"annual_cap_id": made.annual_cap_id, "visits": 0}}
    new = house.call("plans", "UpdateAnnualCap", changed, by=ADMIN)
    assert (new.visits, new.etag, new.year) == (0, "2", 2025)
    facts = house.announced("plans", events_pb2.AnnualCapChanged)
    assert [(fact.version, fact.visits, fact.matter_id) for fact in facts] == [(1, 2, ""), (1, 2, NOTARY), (2, 0, "")]


def test_a_regions_cap_is_announced_as_the_prefix_it_binds(house: House) -> None:
    for region in ("500000", "500103"):
        made = house.call("plans", "CreateAnnualCap", cap(authority_id="", region=region), by=ADMIN)
        assert made.region == region
    facts = house.announced("plans", events_pb2.AnnualCapChanged)
    assert [(fact.authority_id, fact.region) for fact in facts] == [("", "50"), ("", "500103")]


@pytest.mark.parametrize(
    ("change", "violations"),
    [
        ({"region": "500103"}, {"authority_id": "EITHER_OR"}),
        ({"authority_id": "nobody"}, {"authority_id": "UNKNOWN_AUTHORITY"}),
        ({"matter_id": "nothing"}, {"matter_id": "UNKNOWN_MATTER"}),
        ({"visits": 367}, {"visits": "RANGE"}),
        ({"visits": None}, {"visits": "REQUIRED"}),
    ],
)
def test_a_malformed_cap_is_refused_by_field_and_rule(
    house: House, change: dict[str, Any], violations: dict[str, str]
) -> None:
    asked = cap(**{name: value for name, value in change.items() if value is not None})
    if change.get("visits", 0) is None:
        del asked["annual_cap"]["visits"]
    refusal = refused(house, "CreateAnnualCap", asked)
    assert refusal.violations == {f"annual_cap.{field}": rule for field, rule in violations.items()}


def test_lists_of_caps_by_filters(house: House) -> None:
    house.call("plans", "CreateAnnualCap", cap(), by=ADMIN)
    house.call("plans", "CreateAnnualCap", cap(year=2026, visits=3), by=ADMIN)
    house.call("plans", "CreateAnnualCap", cap(authority_id="", region="500000", visits=4), by=ADMIN)

    def shown(**filters: Any) -> list[int]:
        return [each.visits for each in house.call("plans", "ListAnnualCaps", filters, by=ENTERPRISE).annual_caps]

    assert shown() == [2, 3, 4]
    assert shown(year=2025) == [2, 4]
    assert shown(authority_id=CITY, order_by="year desc") == [3, 2]
    assert shown(region="500000") == [4]
    assert refused(house, "CreateAnnualCap", cap(year=2027), PLANNER).code is FORBIDDEN
