"""The object directory as its callers meet it."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import grpc
import openpyxl
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from liangma.sampling.v1 import events_pb2, sampling_pb2
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis import outbox, sheets
from services.chassis.convert import to_proto
from services.chassis.identity import Principal
from services.sampling.events import ObjectChanged, ObjectState
from services.sampling.model import cells
from services.sampling.wire.events import event_to_proto
from tests.sampling import town
from tests.sampling.town import ADMIN, INSPECTOR, MANAGER, code, row
from tests.support.house import House, Refused, houses

house = houses("sampling")

RESTAURANT = {
    "object_id": code(1),
    "name": "永川第1饭店",
    "region": town.YONGCHUAN,
    "address": "中山路1号",
    "industry": "H6210",
    "tags": ["餐饮", "餐饮", "重点"],
    "licences": [{"name": "食品经营许可证", "number": "JY1", "expires_on": "2026-01-31"}],
    "contact": {"name": "王五", "phone": "13800000000"},
    "registered_on": "2001-02-03",
}


def create(house: House, **fields: object) -> Any:
    return house.call("sampling", "CreateObject", {"object": RESTAURANT | fields}, by=ADMIN)


def refused(house: House, method: str, request: Mapping[str, object], by: Principal = ADMIN) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("sampling", method, request, by=by)
    return caught.value


def imported(house: House, *rows: Mapping[str, object]) -> tuple[int, int, list[tuple[int, str, str]]]:
    report = house.call("sampling", "ImportObjects", {"rows": list(rows)}, by=ADMIN)
    return report.imported, report.unchanged, [(r.line, r.column, r.rule) for r in report.rejections]


def test_an_object_is_entered_announced_and_read_again(house: House) -> None:
    made = create(house)
    assert (made.etag, made.created_by, list(made.tags)) == ("1", "admin", ["餐饮", "重点"])
    assert made.type == sampling_pb2.OBJECT_TYPE_INSTITUTION
    assert made.registration_status == sampling_pb2.REGISTRATION_STATUS_ACTIVE
    assert made.licences[0].expires_on == "2026-01-31"
    read = house.call("sampling", "GetObject", {"object_id": code(1)}, by=ADMIN)
    assert read == made
    [fact] = house.announced("sampling", events_pb2.ObjectChanged)
    [state] = fact.objects
    assert (state.object_id, state.version, state.type, state.region) == (code(1), 1, "INSTITUTION", town.YONGCHUAN)
    assert (state.registration_status, list(state.tags), state.industry) == ("ACTIVE", ["餐饮", "重点"], "H6210")


def test_every_bad_field_of_an_object_is_named(house: House) -> None:
    bad = {"object_id": code(1)[:-1] + "0", "region": "123456", "industry": "餐饮", "tags": ["a|b"], "name": "长" * 201}
    if code(1)[-1] == "0":
        bad["object_id"] = code(1)[:-1] + "1"
    refusal = refused(house, "CreateObject", {"object": RESTAURANT | bad})
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.violations == {
        "object.object_id": "USCC_CHECK_DIGIT",
        "object.region": "REGION_UNKNOWN",
        "object.industry": "INDUSTRY",
        "object.tags[0]": "TAG",
        "object.name": "LENGTH",
    }
    missing = refused(house, "CreateObject", {"object": {"object_id": code(1)}})
    assert missing.violations == {"object.name": "REQUIRED", "object.region": "REQUIRED"}
    bad_day = refused(house, "CreateObject", {"object": RESTAURANT | {"registered_on": "3. Februar"}})
    assert list(bad_day.violations.values()) == ["FORMAT"]


def test_an_id_is_taken_once_and_only_an_administrator_enters(house: House) -> None:
    create(house)
    assert refused(house, "CreateObject", {"object": RESTAURANT}).code is grpc.StatusCode.ALREADY_EXISTS
    assert refused(house, "CreateObject", {"object": RESTAURANT}, MANAGER).code is grpc.StatusCode.PERMISSION_DENIED


def test_a_site_without_a_code_gets_an_id_of_the_directory(house: House) -> None:
    site = create(house, object_id="", type="OBJECT_TYPE_SITE", owner_id=code(1))
    assert len(site.object_id) == 36
    named = create(house, object_id="PARK-7", type="OBJECT_TYPE_SITE")
    assert named.object_id == "PARK-7"
    refusal = refused(house, "CreateObject", {"object": RESTAURANT | {"object_id": "a,b", "type": "OBJECT_TYPE_SITE"}})
    assert refusal.violations == {"object.object_id": "OBJECT_ID"}


def test_contact_data_is_shown_only_to_who_works_there(house: House) -> None:
    create(house)

    def contact(by: Principal) -> Any:
        return house.call("sampling", "GetObject", {"object_id": code(1)}, by=by).contact.phone

    elsewhere = Principal("elsewhere", roles=frozenset({"inspector"}), authority=town.STRANGER, region="500101")
    nowhere = Principal("nowhere", roles=frozenset({"inspector"}), authority=town.STRANGER)
    planner = Principal("planner", roles=frozenset({"planner"}), authority=town.LEAD, region=town.YONGCHUAN)
    in_city = Principal("city", roles=frozenset({"inspector"}), authority=town.STRANGER, region=town.CITY)
    for by in (ADMIN, MANAGER, INSPECTOR, in_city):
        assert contact(by) == "13800000000"
    for by in (elsewhere, nowhere, planner, town.SUPERVISOR):
        assert contact(by) == ""
    listed = house.call("sampling", "ListObjects", {}, by=town.SUPERVISOR).objects
    assert [each.contact.name for each in listed] == [""]


def test_an_update_replaces_the_whole_and_keeps_the_state_before(house: House) -> None:
    made = create(house)
    change = RESTAURANT | {"registration_status": "REGISTRATION_STATUS_CLOSED", "tags": []}
    asked = {"object_id": code(1), "object": change, "etag": made.etag}
    after = house.call("sampling", "UpdateObject", asked, by=ADMIN)
    assert (after.etag, after.registration_status, list(after.tags)) == (
        "2",
        sampling_pb2.REGISTRATION_STATUS_CLOSED,
        [],
    )
    assert refused(house, "UpdateObject", asked).code is grpc.StatusCode.ABORTED
    same = house.call("sampling", "UpdateObject", asked | {"etag": ""}, by=ADMIN)
    assert same.etag == "2"
    revisions = house.call("sampling", "ListObjectRevisions", {"object_id": code(1)}, by=ADMIN).revisions
    assert [(r.object.etag, list(r.object.tags), r.replaced_by) for r in revisions] == [
        ("1", ["餐饮", "重点"], "admin")
    ]
    facts = house.announced("sampling", events_pb2.ObjectChanged)
    assert [(f.objects[0].version, f.objects[0].registration_status) for f in facts] == [(1, "ACTIVE"), (2, "CLOSED")]
    unknown = {"object_id": code(2), "object": RESTAURANT}
    assert refused(house, "UpdateObject", unknown).code is grpc.StatusCode.NOT_FOUND


def test_objects_are_found_by_every_filter(house: House) -> None:
    rows = [
        row(1, tags="餐饮", industry="H6210"),
        row(2, tags="餐饮服务", industry="F5211", registration_status="注销"),
        row(3, region="合川", name="合川茶馆"),
        row(4, object_id="SITE-1", type="场地场所"),
    ]
    assert imported(house, *rows) == (4, 0, [])
    town.rate(house, {code(1): "A"})

    def found(**filters: object) -> list[str]:
        answer = house.call("sampling", "ListObjects", {"order_by": "object_id"} | filters, by=MANAGER)
        return [each.object_id for each in answer.objects]

    first, second, third = sorted([code(1), code(2)]), code(3), "SITE-1"
    assert found() == sorted([*first, second, third])
    assert found(query="茶") == [code(3)]
    assert found(query="%") == []
    assert found(type="OBJECT_TYPE_SITE") == ["SITE-1"]
    assert found(region="500117") == [code(3)]
    assert len(found(region=town.CITY)) == 4
    assert found(registration_status="REGISTRATION_STATUS_DEREGISTERED") == [code(2)]
    assert found(tag="餐饮") == [code(1)]
    assert found(industry="H") == [code(1)]
    assert found(public_rating="A") == [code(1)]
    assert len(found(public_rating="UNRATED")) == 3
    assert found(order_by="name", page_size=1) == [code(3)]
    assert found(order_by="update_time desc") != []
    page = house.call("sampling", "ListObjects", {"page_size": 3}, by=MANAGER)
    assert len(found(page_token=page.page.next_page_token)) == 1
    assert refused(house, "ListObjects", {"order_by": "weight"}).violations == {"order_by": "UNKNOWN"}


def test_ratings_of_the_credit_service_are_shown_even_when_they_come_before_the_object(house: House) -> None:
    town.rate(house, {code(1): "B"}, 市场监管="C")
    made = create(house)
    assert (made.public_rating, made.risk_class) == ("B", "B")
    assert [(r.domain, r.rating) for r in made.industry_ratings] == [("市场监管", "C")]
    town.rate(house, {code(1): "A"}, version=3)
    town.rate(house, {code(1): "D"}, version=2)
    assert house.call("sampling", "GetObject", {"object_id": code(1)}, by=MANAGER).public_rating == "A"


def test_good_rows_go_in_and_bad_ones_are_reported_by_line_column_and_rule(house: House) -> None:
    wrong_digit = code(1)[:-1] + ("0" if code(1)[-1] != "0" else "1")
    assert imported(
        house,
        row(1),
        row(2, object_id=wrong_digit),
        row(3, object_id="123"),
        row(4, object_id="911101I" + "0" * 11),
        row(5, object_id="N/A"),
        row(6, name="  "),
        row(7, object_id=code(7, "990000"), province="", region="火星"),
        row(8, province="18万人民币"),
        row(9, registered_on="昨天"),
        row(10, registration_status="睡眠"),
        row(11, type="飞船"),
        row(12, industry="吃饭"),
        row(13, tags="a|b"),
        row(14, licence_name="许可证", licence_expires_on="永久"),
    ) == (
        1,
        0,
        [
            (2, "统一社会信用代码", "USCC_CHECK_DIGIT"),
            (3, "统一社会信用代码", "USCC_LENGTH"),
            (4, "统一社会信用代码", "USCC_CHARACTER"),
            (5, "统一社会信用代码", "REQUIRED"),
            (6, "企业名称", "REQUIRED"),
            (7, "地区", "REGION_UNKNOWN"),
            (8, "所在省份", "PROVINCE_UNKNOWN"),
            (9, "注册日期", "DATE_FORMAT"),
            (10, "登记状态", "STATUS_UNKNOWN"),
            (11, "对象类型", "TYPE_UNKNOWN"),
            (12, "行业", "INDUSTRY"),
            (13, "监管标签", "TAG"),
            (14, "许可证有效期至", "DATE_FORMAT"),
        ],
    )
    report = house.call("sampling", "ImportObjects", {"rows": [row(3, object_id="123")]}, by=ADMIN)
    [rejection] = report.rejections
    assert (rejection.value, rejection.reason) == ("123", "统一社会信用代码应为 18 位")


def test_what_can_be_mended_without_guessing_is_mended(house: House) -> None:
    untidy = code(1).lower()[:9] + " " + code(1).lower()[9:]
    rows = [
        row(1, object_id=untidy, region="N/A", registered_on="2001/2/3", enterprise_type="N/A"),
        row(2, region="", province=""),
        row(3, region="不知道"),
        row(4, region="万盛"),
        row(5, region="石柱县"),
        row(6, region="500222"),
    ]
    assert imported(house, *rows) == (6, 0, [])

    def read(number: int) -> Any:
        return house.call("sampling", "GetObject", {"object_id": code(number)}, by=ADMIN)

    assert (read(1).region, read(1).registered_on, read(1).enterprise_type) == (town.YONGCHUAN, "2001-02-03", "")
    assert [read(number).region for number in (2, 3)] == [town.YONGCHUAN, town.YONGCHUAN]
    assert [read(number).region for number in (4, 5, 6)] == ["500110", "500240", "500110"]


def test_an_imported_object_reads_as_one_entered_by_hand(house: House) -> None:
    by_hand = create(house)
    cells = {
        "address": "中山路1号",
        "industry": "H6210",
        "tags": "餐饮、重点",
        "licence_name": "食品经营许可证",
        "licence_number": "JY1",
        "licence_expires_on": "2026-01-31",
        "contact_name": "王五",
        "contact_phone": "13800000000",
        "registered_on": "2001-02-03",
    }
    assert imported(house, row(2, name=by_hand.name, **cells), row(3, name=by_hand.name)) == (2, 0, [])
    read = house.call("sampling", "GetObject", {"object_id": code(2)}, by=ADMIN)
    by_hand.object_id = code(2)
    assert read == by_hand
    bare = house.call("sampling", "GetObject", {"object_id": code(3)}, by=ADMIN)
    plain = {"name": by_hand.name, "region": town.YONGCHUAN}
    by_hand = house.call("sampling", "CreateObject", {"object": plain | {"object_id": code(4)}}, by=ADMIN)
    by_hand.object_id = code(3)
    assert bare == by_hand


def test_the_same_rows_again_change_nothing(house: House) -> None:
    rows = [row(number, tags="餐饮", contact_name="李四", licence_name="许可证") for number in range(1, 6)]
    assert imported(house, *rows) == (5, 0, [])
    assert imported(house, *rows) == (0, 5, [])
    moved = [one | {"line": one["line"] + 100} for one in rows]
    assert imported(house, *moved) == (0, 5, [])
    assert len(house.announced("sampling", events_pb2.ObjectChanged)) == 1


def test_a_changed_row_changes_only_what_it_has_a_word_on(house: House) -> None:
    imported(house, row(1, tags="餐饮", address="中山路", licence_name="卫生", registration_status="注销"))
    assert imported(house, row(1, address="人民路", licence_name="食品", licence_number="2")) == (1, 0, [])
    after = house.call("sampling", "GetObject", {"object_id": code(1)}, by=ADMIN)
    assert (after.address, list(after.tags), after.etag) == ("人民路", ["餐饮"], "2")
    assert after.registration_status == sampling_pb2.REGISTRATION_STATUS_DEREGISTERED
    assert [licence.name for licence in after.licences] == ["卫生", "食品"]
    revisions = house.call("sampling", "ListObjectRevisions", {"object_id": code(1)}, by=ADMIN).revisions
    assert [r.object.address for r in revisions] == ["中山路"]
    states = [f.objects[0] for f in house.announced("sampling", events_pb2.ObjectChanged)]
    assert [(s.version, s.address) for s in states] == [(1, "中山路"), (2, "人民路")]


def test_what_was_mended_by_hand_outlives_a_repeat_of_the_same_file(house: House) -> None:
    imported(house, row(1, address="中山路"))
    changed = {"name": "永川第1饭店", "region": town.YONGCHUAN, "address": "人民路"}
    house.call("sampling", "UpdateObject", {"object_id": code(1), "object": changed}, by=ADMIN)
    assert imported(house, row(1, address="中山路")) == (0, 1, [])
    assert house.call("sampling", "GetObject", {"object_id": code(1)}, by=ADMIN).address == "人民路"


def test_two_rows_for_one_code_must_agree_on_the_name(house: House) -> None:
    rows = [row(1), row(1, name="另一家") | {"line": 2}, row(1) | {"line": 3}]
    assert imported(house, *rows) == (1, 1, [(2, "统一社会信用代码", "DUPLICATE")])
    assert house.call("sampling", "GetObject", {"object_id": code(1)}, by=ADMIN).name == "永川第1饭店"


def test_an_import_takes_so_many_rows_of_one_request_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 2)
    assert refused(house, "ImportObjects", {"rows": []}).violations == {"rows": "REQUIRED"}
    many = {"rows": [row(number) for number in range(3)]}
    assert refused(house, "ImportObjects", many).violations == {"rows": "TOO_MANY"}
    asked = {"rows": [row(1)], "request_id": "once"}
    first = house.call("sampling", "ImportObjects", asked, by=ADMIN)
    assert house.call("sampling", "ImportObjects", asked, by=ADMIN) == first


def a_file(content: bytes, media_type: str = "text/csv; charset=whatever") -> dict[str, str]:
    return {"content_type": media_type, "data": base64.b64encode(content).decode()}


def as_csv(*lines: Sequence[str], encoding: str = "utf-8-sig") -> dict[str, str]:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return a_file(text.getvalue().encode(encoding))


def as_xlsx(*lines: Sequence[str]) -> dict[str, str]:
    header, *rows = lines
    return a_file(sheets.workbook("名录", header, rows), sheets.XLSX)


def unsaid_xlsx(*lines: Sequence[str]) -> dict[str, str]:
    return as_xlsx(*lines) | {"content_type": "application/octet-stream"}


FILE_HEADER = ["区划", "统一社会信用代码", "企业名称", "没有意义", "注册地址", "地址", "所在省份"]


@pytest.mark.parametrize("written", [as_csv, partial(as_csv, encoding="gb18030"), as_xlsx, unsaid_xlsx])
def test_a_registry_file_is_taken_as_it_is(house: House, written: Callable[..., dict[str, str]]) -> None:
    file = written(
        FILE_HEADER,
        ["永川", code(1), "永川第1饭店", "x", "", "中山路", "重庆"],
        ["", "", "", "", "", "", ""],
        ["永川", code(2), "永川第2饭店", "x", "人民路", "中山路", "重庆", "多出来的"],
        ["永川", "123", "永川第3饭店"],
    )
    report = house.call("sampling", "ImportObjectFile", {"file": file, "first_line": 12}, by=ADMIN)
    assert (report.imported, report.unchanged) == (2, 0)
    assert [(each.line, each.column, each.rule) for each in report.rejections] == [
        (15, "统一社会信用代码", "USCC_LENGTH")
    ]
    shown = [house.call("sampling", "GetObject", {"object_id": code(number)}, by=ADMIN) for number in (1, 2)]
    assert [(each.name, each.address) for each in shown] == [("永川第1饭店", "中山路"), ("永川第2饭店", "人民路")]
    assert imported(house, row(1, address="中山路"), row(2, address="人民路")) == (0, 2, [])


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        (as_csv(["统一社会信用代码", "地址"], [code(1), "中山路"]), "COLUMNS"),
        (as_csv(["企业名称"], ["永川第1饭店"]), "COLUMNS"),
        (as_csv(), "COLUMNS"),
        (as_csv(FILE_HEADER, ["", ""]), "REQUIRED"),
        (as_csv(FILE_HEADER, *[["永川", code(1), "饭店"]] * 3), "TOO_MANY"),
        (as_xlsx(FILE_HEADER, *[["永川", code(1), "饭店"]] * 3), "TOO_MANY"),
        (as_csv(FILE_HEADER, ["永川", code(1), "饭\x00店"]), "FILE"),
        (a_file(b"\xff\xff\xff"), "FILE"),
        (a_file(b'a,"' + b"x" * 200_000), "FILE"),
        (a_file(b"PK no workbook", sheets.XLSX), "FILE"),
        (a_file(b"", sheets.XLSX), "FILE"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(
    house: House, file: Mapping[str, object], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 2)
    assert refused(house, "ImportObjectFile", {"file": file}).violations == {"file": rule}
    assert not house.call("sampling", "ListObjects", {}, by=ADMIN).objects


def test_text_of_a_file_is_brought_into_normal_form(house: House) -> None:
    file = as_csv(FILE_HEADER, ["永川", code(1), "Cafe\u0301"])
    house.call("sampling", "ImportObjectFile", {"file": file}, by=ADMIN)
    assert house.call("sampling", "GetObject", {"object_id": code(1)}, by=ADMIN).name == "Caf\u00e9"


def test_cells_that_are_too_long_or_name_no_owner_are_refused(house: House) -> None:
    header = ["统一社会信用代码", "对象名称", "经营范围", "所属主体"]
    file = as_csv(
        header, [code(1), "一", "x" * 20_001, ""], [code(2), "二", "", "甲 乙"], [code(3), "三", "x", code(1)]
    )
    report = house.call("sampling", "ImportObjectFile", {"file": file}, by=ADMIN)
    assert [(each.line, each.column, each.rule) for each in report.rejections] == [
        (2, "经营范围", "LENGTH"),
        (3, "所属主体", "OBJECT_ID"),
    ]
    assert refused(house, "CreateObject", {"object": RESTAURANT | {"owner_id": "甲"}}).violations == {
        "object.owner_id": "OBJECT_ID"
    }


def test_bulk_entry_is_announced_in_facts_of_at_most_five_hundred_that_read_as_any_other(house: House) -> None:
    town.settle_objects(house, 1201, tags="餐饮")
    facts = house.announced("sampling", events_pb2.ObjectChanged)
    assert [len(fact.objects) for fact in facts] == [500, 500, 201]
    expected = {
        "object_id": code(1),
        "version": "1",
        "type": "INSTITUTION",
        "name": "永川第1饭店",
        "registration_status": "ACTIVE",
        "region": town.YONGCHUAN,
        "tags": ["餐饮"],
    }
    assert json_format.MessageToDict(facts[0].objects[0], preserving_proto_field_name=True) == expected


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
STATES = st.builds(
    ObjectState, TEXT, st.integers(0, 2**63 - 1), TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.lists(TEXT).map(tuple)
)


@given(st.lists(STATES, max_size=3))
def test_what_objects_are_spelled_as_is_their_message(states: list[ObjectState]) -> None:
    event = ObjectChanged("batch", tuple(states))
    spelled = event_to_proto(event)
    assert isinstance(spelled, outbox.Spelled)
    message = events_pb2.ObjectChanged()
    json_format.ParseDict(dict(spelled.value), message)
    assert message == to_proto(event, spelled.kind)


def test_a_survey_enters_the_objects_it_finds(house: House) -> None:
    create(house)
    found = {"name": "路边摊", "region": town.YONGCHUAN, "address": "桥头", "task_id": "survey"}
    house.announce(tasks.ObjectDiscovered(object_id="", type="SITE", **found))
    house.announce(tasks.ObjectDiscovered(object_id=code(1), type="INSTITUTION", **found))
    house.announce(tasks.ObjectDiscovered(object_id=code(2), type="INSTITUTION", **found))
    listed = house.call("sampling", "ListObjects", {"order_by": "name"}, by=ADMIN).objects
    assert sorted(each.name for each in listed) == ["永川第1饭店", "路边摊", "路边摊"]
    assert {each.created_by for each in listed} == {"admin", "system:sampling"}


def test_what_the_filters_show_can_be_had_as_a_workbook(house: House) -> None:
    imported(house, row(1, name="=1+1饭店"), row(2, region="合川"))
    town.rate(house, {code(1): "A"})
    body = house.call("sampling", "ExportObjects", {"region": town.YONGCHUAN}, by=MANAGER)
    assert body.content_type.endswith("spreadsheetml.sheet")
    sheet = openpyxl.load_workbook(io.BytesIO(body.data)).worksheets[0]
    rows = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert rows[0][:2] == ["统一社会信用代码", "对象名称"]
    assert [[*line[:2], line[-1]] for line in rows[1:]] == [[code(1), "=1+1饭店", "A"]]
