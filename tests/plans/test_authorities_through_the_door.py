"""Authorities as a client meets them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from liangma.plans.v1 import events_pb2

from services.plans.use_cases.import_authorities import HEADERS
from tests.plans.people import (
    ADMIN,
    CITY,
    DISTRICT,
    DISTRICT_PLANNER,
    ENTERPRISE,
    FAR,
    FIRE,
    HEAD,
    PLANNER,
    SUPERVISOR,
    UNLISTED,
    authority,
    furnish,
    person,
    sheet,
    uscc,
)
from tests.support.house import House, Refused, houses

house = houses("plans")

INVALID = grpc.StatusCode.INVALID_ARGUMENT
STREET = uscc("11500103MB0000009")


def create(house: House, entry: dict[str, Any]) -> Any:
    return house.call("plans", "CreateAuthority", {"authority": entry}, by=ADMIN)


def update(house: House, id: str, **changes: Any) -> Any:
    return house.call("plans", "UpdateAuthority", {"authority": {"authority_id": id} | changes}, by=ADMIN)


def get(house: House, id: str, by: Any = ADMIN) -> Any:
    return house.call("plans", "GetAuthority", {"authority_id": id}, by=by)


def import_rows(house: House, *rows: dict[str, Any]) -> dict[str, Any]:
    numbered = [{"line": index, **row} for index, row in enumerate(rows, start=2)]
    report = house.call("plans", "ImportAuthorities", {"rows": numbered}, by=ADMIN)
    return json_format.MessageToDict(report)


def row(id: str = STREET, **changes: str) -> dict[str, str]:
    return {
        "authority_id": id,
        "name": "大坪街道办事处",
        "short_name": "渝中大坪",
        "region": "500103",
        "level": "街道",
        "parent_id": DISTRICT,
        "domains": "司法、消防",
        "listed_from": "2025-01-01",
    } | changes


def test_an_authority_is_entered_read_and_announced(house: House) -> None:
    made = create(house, authority(CITY, "重庆市司法局", "渝司", "500000", "CITY", ["司法", "普法"]))
    assert get(house, CITY) == made
    assert (made.listed, made.etag, made.created_by) == (True, "1", "admin")
    (fact,) = house.announced("plans", events_pb2.AuthorityChanged)
    assert (fact.authority_id, fact.version, fact.level, fact.listed_from) == (CITY, 1, "CITY", "2024-01-01")
    assert list(fact.domains) == ["司法", "普法"]


def test_only_an_administrator_enters_authorities(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("plans", "CreateAuthority", {"authority": {"authority_id": CITY}}, by=PLANNER)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"authority_id": CITY[:-1] + "A"}, "authority.authority_id", "USCC_CHECK_DIGIT"),
        ({"authority_id": ""}, "authority.authority_id", "USCC_LENGTH"),
        ({"region": "5001"}, "authority.region", "REGION"),
        ({"level": "AUTHORITY_LEVEL_UNSPECIFIED"}, "authority.level", "REQUIRED"),
        ({"domains": []}, "authority.domains", "REQUIRED"),
        ({"parent_id": STREET}, "authority.parent_id", "UNKNOWN_AUTHORITY"),
        ({"parent_id": FIRE}, "authority.parent_id", "PARENT_NOT_HIGHER"),
        ({"listed_from": "1 Jan"}, "listed_from", "FORMAT"),
        ({"payment": {"bank_account_number": "x"}}, "authority.payment.bank_account_number", "DIGITS"),
    ],
)
def test_a_malformed_authority_is_refused_by_field_and_rule(
    house: House, change: dict[str, Any], field: str, rule: str
) -> None:
    create(house, authority(FIRE, "重庆市消防救援总队", "渝消", "500000", "CITY", ["消防"]))
    with pytest.raises(Refused) as refusal:
        create(house, authority(CITY, "重庆市司法局", "渝司", "500000", "CITY", ["司法"]) | change)
    assert refusal.value.code is INVALID
    assert refusal.value.violations == {field: rule}


def test_an_authority_is_entered_once(house: House) -> None:
    furnish(house)
    with pytest.raises(Refused) as refusal:
        create(house, authority(CITY, "又一个", "渝", "500000", "CITY", ["司法"]))
    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.ALREADY_EXISTS, "AUTHORITY_EXISTS")


def test_an_authority_leaves_the_subject_list_on_a_day(house: House) -> None:
    furnish(house)
    left = update(house, CITY, listed_until="2025-06-08")
    assert not left.listed
    assert house.announced("plans", events_pb2.AuthorityChanged)[-1].listed_until == "2025-06-08"
    request = {"authority": {"authority_id": CITY}, "update_mask": "listedUntil"}
    assert house.call("plans", "UpdateAuthority", request, by=ADMIN).listed


def test_an_authority_stays_above_those_below_it(house: House) -> None:
    furnish(house)
    with pytest.raises(Refused) as refusal:
        update(house, CITY, level="AUTHORITY_LEVEL_DISTRICT")
    assert refusal.value.violations == {"authority.level": "CHILD_NOT_LOWER"}


def test_a_stale_etag_is_refused(house: House) -> None:
    furnish(house)
    request = {"authority": {"authority_id": CITY, "name": "新名"}, "etag": "7"}
    with pytest.raises(Refused) as refusal:
        house.call("plans", "UpdateAuthority", request, by=ADMIN)
    assert (refusal.value.code, refusal.value.metadata["etag"]) == (grpc.StatusCode.ABORTED, "1")


def test_the_head_completes_the_own_payment_data_and_nobody_elses(house: House) -> None:
    furnish(house)
    payment = {"bank_account_name": "重庆市财政局", "bank_account_number": "1234567890", "seal": {"sha256": "b" * 64}}
    request = {"authority_id": CITY, "payment": payment}
    changed = house.call("plans", "UpdatePayment", request, by=HEAD)
    assert (changed.payment.bank_account_name, changed.etag) == ("重庆市财政局", "2")
    more = {"authority_id": CITY, "payment": {"penalty_code": "0101"}}
    changed = house.call("plans", "UpdatePayment", more, by=ADMIN)
    assert (changed.payment.bank_account_number, changed.payment.penalty_code) == ("1234567890", "0101")
    assert changed.payment.seal.sha256 == "b" * 64
    with pytest.raises(Refused) as refusal:
        house.call("plans", "UpdatePayment", request | {"authority_id": DISTRICT}, by=HEAD)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_payment_data_are_shown_to_the_own_people_and_those_who_oversee(house: House) -> None:
    furnish(house)
    request = {"authority_id": CITY, "payment": {"bank_account_number": "1234567890"}}
    house.call("plans", "UpdatePayment", request, by=ADMIN)
    for by, is_shown in ((PLANNER, True), (SUPERVISOR, True), (DISTRICT_PLANNER, False), (ENTERPRISE, False)):
        assert get(house, CITY, by).HasField("payment") is is_shown
    listed = house.call("plans", "ListAuthorities", by=ADMIN).authorities
    assert not any(each.HasField("payment") for each in listed)


def test_lists_of_authorities_by_filters(house: House) -> None:
    furnish(house)

    def shown(**filters: Any) -> set[str]:
        return {
            each.authority_id for each in house.call("plans", "ListAuthorities", filters, by=ENTERPRISE).authorities
        }

    assert len(shown()) == 5
    assert DISTRICT in shown(region="500000")
    assert len(shown(region="500000")) == 4
    assert shown(region="500103") == {DISTRICT}
    assert shown(parent_id=CITY) == {DISTRICT}
    assert shown(domain="消防") == {FIRE}
    assert shown(name="渝消") == {FIRE}
    assert shown(level="AUTHORITY_LEVEL_DISTRICT") == {DISTRICT}
    assert UNLISTED not in shown(listed_on="2025-06-09")
    assert shown(listed_on="2023-12-31") == set()


def test_the_completeness_report_says_who_lacks_what(house: House) -> None:
    furnish(house)
    payment = {
        "collecting_unit_code": "1",
        "bank_account_name": "户",
        "bank_account_number": "12345",
        "penalty_code": "2",
        "seal": {"sha256": "c" * 64},
    }
    house.call("plans", "UpdatePayment", {"authority_id": CITY, "payment": payment}, by=ADMIN)
    house.call("plans", "UpdatePayment", {"authority_id": FIRE, "payment": {"penalty_code": "3"}}, by=ADMIN)
    report = house.call("plans", "GetCompleteness", by=SUPERVISOR)
    assert (report.total, report.complete) == (5, 1)
    assert dict(report.missing_counts) == {
        "执收单位编码": 4,
        "缴款银行户名": 4,
        "缴款银行账号": 4,
        "罚没编码": 3,
        "电子印章": 4,
        "上级机构": 0,
        "检查主体清单": 1,
    }
    lacking = {each.authority_id: list(each.missing) for each in report.incomplete}
    assert CITY not in lacking
    assert lacking[FIRE] == ["执收单位编码", "缴款银行户名", "缴款银行账号", "电子印章"]
    assert lacking[UNLISTED][-1] == "检查主体清单"


def test_the_report_counts_for_each_word_the_authorities_that_say_it(house: House) -> None:
    furnish(house)
    report = house.call("plans", "GetCompleteness", {"region": "500000", "page_size": 1000}, by=ADMIN)
    said = [word for each in report.incomplete for word in each.missing]
    assert dict(report.missing_counts) == {word: said.count(word) for word in report.missing_counts}
    assert report.total - report.complete == len(report.incomplete) == 4


def test_an_authority_sees_in_the_report_itself_and_those_below(house: House) -> None:
    furnish(house)
    import_rows(house, row())
    report = house.call("plans", "GetCompleteness", {"page_size": 2}, by=PLANNER)
    assert report.total == 3
    rest = house.call("plans", "GetCompleteness", {"page_token": report.page.next_page_token}, by=PLANNER)
    assert [each.authority_id for each in (*report.incomplete, *rest.incomplete)] == sorted([CITY, DISTRICT, STREET])
    assert house.call("plans", "GetCompleteness", by=person("x", STREET, "planner")).total == 1


def test_an_import_takes_good_rows_reports_bad_ones_and_may_be_repeated(house: House) -> None:
    furnish(house)
    rows = (
        row(),
        row(STREET[:-1] + "!", name="坏代码"),
        row(region="50010", level="局", parent_id="", listed_from="昨天"),
        row(CITY, level="市级", parent_id=DISTRICT, region="500000"),
    )
    report = import_rows(house, *rows)
    assert report["imported"] == "1"
    assert [(each["line"], each["column"], each["rule"]) for each in report["rejections"]] == [
        ("3", "统一社会信用代码", "USCC_FORMAT"),
        ("4", "级别", "CHOICE"),
        ("5", "上级机构", "PARENT_NOT_HIGHER"),
    ]
    reasons = report["rejections"][1]["reason"]
    assert all(word in reasons for word in ("“局”应为", "昨天", "区划 应为六位"))
    assert import_rows(house, rows[0]) == {"unchanged": "1"}
    assert get(house, STREET).domains == ["司法", "消防"]
    changed = import_rows(house, row(name="大坪街道", penalty_code="0101"))
    assert changed == {"imported": "1"}
    assert (get(house, STREET).name, get(house, STREET).etag) == ("大坪街道", "3")


def test_a_file_may_bring_parents_after_their_children_and_a_row_twice(house: House) -> None:
    city = row(CITY, name="重庆市司法局", short_name="渝司", level="市级", parent_id="", region="500000")
    report = import_rows(house, row(parent_id=CITY), row(parent_id=CITY), row(parent_id=CITY, name="别名"), city)
    assert (report["imported"], report["unchanged"]) == ("2", "1")
    (rejection,) = report["rejections"]
    assert (rejection["line"], rejection["rule"]) == ("4", "DUPLICATE")
    assert len(house.announced("plans", events_pb2.AuthorityChanged)) == 2


def entered(house: House, id: str, short: str, **more: Any) -> Any:
    entry = authority(id, f"机构{id[-5:]}", short, "500000", "CITY", ["司法"], **more)
    return house.call("plans", "CreateAuthority", {"authority": entry}, by=ADMIN)


def test_two_listed_authorities_have_no_short_name_in_common(house: House) -> None:
    entered(house, CITY, "渝司", listed_until="2025-12-31")
    with pytest.raises(Refused) as refusal:
        entered(house, FAR, "渝司", listed_from="2025-12-31")
    assert refusal.value.violations == {"authority.short_name": "SHORT_NAME_TAKEN"}
    assert CITY in refusal.value.zh
    entered(house, FAR, "渝司", listed_from="2026-01-01")
    entered(house, UNLISTED, "渝司", listed_from="")
    for changed in (
        {"authority_id": CITY, "listed_until": "2026-01-01"},
        {"authority_id": UNLISTED, "listed_from": "2024-01-01"},
        {"authority_id": UNLISTED, "listed_from": "2024-01-01", "listed_until": "2024-01-01"},
    ):
        with pytest.raises(Refused) as refusal:
            house.call("plans", "UpdateAuthority", {"authority": changed}, by=ADMIN)
        assert refusal.value.violations == {"authority.short_name": "SHORT_NAME_TAKEN"}
    other = {"authority_id": UNLISTED, "listed_from": "2024-01-01", "short_name": "渝某"}
    house.call("plans", "UpdateAuthority", {"authority": other}, by=ADMIN)
    assert house.call("plans", "UpdateAuthority", {"authority": {"authority_id": CITY, "name": "新"}}, by=ADMIN).listed


def test_rows_of_a_file_have_no_short_name_in_common(house: House) -> None:
    entered(house, CITY, "渝司")
    listed = {"listed_from": "2024-01-01", "level": "市级", "parent_id": "", "region": "500000"}
    report = import_rows(
        house,
        row(FIRE, short_name="渝消", **listed),
        row(FAR, short_name="渝消", **listed),
        row(UNLISTED, short_name="渝司", **listed),
        row(UNLISTED, short_name="渝司", **(listed | {"listed_from": ""})),
    )
    assert report["imported"] == "2"
    assert [(each["line"], each["column"], each["rule"]) for each in report["rejections"]] == [
        ("3", "机构简称", "SHORT_NAME_TAKEN"),
        ("4", "机构简称", "SHORT_NAME_TAKEN"),
    ]


def test_the_sheet_of_authorities_can_be_imported_again(house: House) -> None:
    furnish(house)
    answer = house.call("plans", "ExportAuthorities", {"region": "500103"}, by=ADMIN)
    head, line = sheet(answer.data)
    fields = {header: name for name, header in HEADERS.items()}
    again = {fields[header]: cell or "" for header, cell in zip(head, line, strict=True)}
    assert import_rows(house, again) == {"unchanged": "1"}


def test_a_sheet_for_everybody_shows_no_payment_data(house: House) -> None:
    furnish(house)
    answer = house.call("plans", "ExportAuthorities", by=ENTERPRISE)
    head = sheet(answer.data)[0]
    assert "机构名称" in head
    assert "缴款银行账号" not in head
