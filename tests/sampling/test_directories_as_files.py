"""The directories as files: templates, files as they are, refused lines to mend, and recusals that follow."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import pytest
from google.api.httpbody_pb2 import HttpBody
from liangma.sampling.v1 import directory_files_pb2 as pb
from liangma.sampling.v1 import sampling_pb2

from services.chassis.identity import Principal
from services.chassis.sheets import XLSX
from services.sampling.model import inspector_rows, object_rows, recusal_rows
from tests.sampling import town
from tests.sampling.town import ADMIN, HEAD, INSPECTOR, LEAD, MANAGER, STRANGER_HEAD, SUPERVISOR, code
from tests.support.house import House, Refused, houses

house = houses("sampling")

INSPECTORS = ["证件号", "姓名", "所属机构", "有效期至", "曾任职单位"]
RECUSALS = ["证件号", "对象编号", "回避情形", "说明"]


def csv_file(header: Sequence[str], *lines: Sequence[object]) -> HttpBody:
    text = io.StringIO()
    csv.writer(text).writerows([header, *lines])
    return HttpBody(content_type="text/csv", data=text.getvalue().encode())


def sheet(body: Any, number: int = 0) -> list[list[str]]:
    assert body.content_type == XLSX
    lines = openpyxl.load_workbook(io.BytesIO(body.data)).worksheets[number].iter_rows(values_only=True)
    return [["" if cell is None else str(cell) for cell in line] for line in lines]


def call(house: House, method: str, file: HttpBody, by: Principal = ADMIN, **more: Any) -> Any:
    return house.call("sampling", method, getattr(pb, f"{method}Request")(file=file, **more), by=by)


def recusals(house: House, **filters: object) -> list[tuple[str, str, str, str]]:
    found = house.call("sampling", "ListRecusals", filters, by=SUPERVISOR).recusals
    kind, origin = sampling_pb2.RecusalKind.Name, sampling_pb2.RecusalOrigin.Name
    state = sampling_pb2.RecusalState.Name
    return sorted(
        (each.object_id, kind(each.kind)[13:], origin(each.origin)[15:], state(each.state)[14:]) for each in found
    )


@pytest.mark.parametrize(
    ("method", "headers", "needed"),
    [
        ("GetObjectTemplate", object_rows.HEADERS, object_rows.NEEDED),
        ("GetInspectorTemplate", inspector_rows.HEADERS, inspector_rows.NEEDED),
        ("GetRecusalTemplate", recusal_rows.HEADERS, recusal_rows.NEEDED),
    ],
)
def test_a_template_has_every_column_that_is_read_and_says_what_it_takes(
    house: House, method: str, headers: Mapping[str, str], needed: Sequence[str]
) -> None:
    body = house.call("sampling", method, {}, by=INSPECTOR)
    [columns] = sheet(body)
    assert {headers[column] for column in columns} == set(headers.values())
    assert len(set(columns)) == len(columns)
    notes = dict(sheet(body, 1)[1:])
    assert list(notes) == columns
    assert {headers[column] for column in columns if notes[column].startswith("必填")} >= set(needed)


def test_refused_lines_come_back_as_a_file_that_is_mended_and_sent_again(house: House) -> None:
    wrong = code(2)[:-1] + ("0" if code(2)[-1] != "0" else "1")
    header = ["统一社会信用代码", "对象名称", "备注", "注册日期"]
    file = csv_file(header, [code(1), "甲", "", ""], [wrong, "=乙", "留", ""], [], [code(3), "丙", "", "昨天"])
    report = house.call("sampling", "ImportObjectFile", sampling_pb2.ImportObjectFileRequest(file=file), by=ADMIN)
    assert (report.imported, [each.line for each in report.rejections]) == (1, [3, 5])
    body = call(house, "CheckObjectFile", file)
    first, second, third = sheet(body)
    assert first == ["行号", "问题列", "问题", *header]
    assert (second[:2], second[3:]) == (["3", "统一社会信用代码"], [wrong, "=乙", "留", ""])
    assert (third[:2], third[3:]) == (["5", "注册日期"], [code(3), "丙", "", "昨天"])
    book = openpyxl.load_workbook(io.BytesIO(body.data))
    book.worksheets[0]["D2"], book.worksheets[0]["G3"] = code(2), "2001-02-03"
    mended = io.BytesIO()
    book.save(mended)
    again = HttpBody(content_type=XLSX, data=mended.getvalue())
    assert sheet(call(house, "CheckObjectFile", again)) == [first]
    report = house.call("sampling", "ImportObjectFile", sampling_pb2.ImportObjectFileRequest(file=again), by=ADMIN)
    assert (report.imported, list(report.rejections)) == (2, [])
    assert house.call("sampling", "GetObject", {"object_id": code(2)}, by=MANAGER).name == "=乙"


def test_lines_are_counted_from_where_the_part_of_a_file_begins(house: House) -> None:
    file = csv_file(INSPECTORS, ["YC-0001", "张三", LEAD, "2026-01-31"], ["YC-0002", "李四", LEAD, "明年"])
    report = call(house, "ImportInspectorFile", file, first_line=1002)
    assert (report.imported, [(each.line, each.column) for each in report.rejections]) == (1, [(1003, "有效期至")])
    [_, refused] = sheet(call(house, "CheckInspectorFile", file, first_line=1002))
    assert refused[:2] == ["1003", "有效期至"]
    assert refused[3:] == ["YC-0002", "李四", LEAD, "明年", ""]
    with pytest.raises(Refused) as refusal:
        call(house, "CheckInspectorFile", csv_file(["证件号", "姓名"], ["YC-0001", "张三"]))
    assert refusal.value.violations == {"file": "COLUMNS"}


def test_recusals_come_from_a_file_with_a_report_row_by_row(house: House) -> None:
    town.settle_objects(house, 3)
    town.hire(house, 1)
    town.hire(house, 1, town.STRANGER, prefix="ST")
    file = csv_file(
        RECUSALS,
        ["YC-0001", code(1), "配偶", "配偶为负责人"],
        ["YC-0001", code(2).lower(), "INTEREST", ""],
        ["YC-0001", code(3), "同学", ""],
        ["YC-9999", code(3), "配偶", ""],
        ["YC-0001", code(9), "配偶", ""],
        ["ST-0001", code(1), "配偶", ""],
        ["YC-0001", code(1), "配偶", "再次"],
    )
    report = call(house, "ImportRecusalFile", file, HEAD)
    refused = [(each.line, each.rule) for each in report.rejections]
    assert (report.imported, report.unchanged) == (2, 1)
    assert refused == [(4, "KIND_UNKNOWN"), (5, "INSPECTOR_UNKNOWN"), (6, "OBJECT_UNKNOWN"), (7, "NOT_YOURS")]
    assert [line[0] for line in sheet(call(house, "CheckRecusalFile", file, HEAD))[1:]] == ["4", "5", "6", "7"]
    assert recusals(house) == sorted(
        [(code(1), "SPOUSE", "DECLARED", "ACTIVE"), (code(2), "INTEREST", "DECLARED", "ACTIVE")]
    )
    assert call(house, "ImportRecusalFile", file, HEAD).imported == 0


def test_recusals_go_out_as_a_workbook_that_can_be_imported_again(house: House) -> None:
    town.settle_objects(house, 1)
    town.hire(house, 1)
    call(house, "ImportRecusalFile", csv_file(RECUSALS, ["YC-0001", code(1), "近亲属", "兄弟"]), HEAD)
    body = house.call("sampling", "ExportRecusals", {}, by=HEAD)
    assert sheet(body)[1][:6] == ["YC-0001", code(1), "近亲属", "兄弟", "申报", "有效"]
    assert len(sheet(house.call("sampling", "ExportRecusals", {}, by=STRANGER_HEAD))) == 1
    assert len(sheet(house.call("sampling", "ExportRecusals", {"origin": "RECUSAL_ORIGIN_DERIVED"}, by=HEAD))) == 1
    again = call(house, "ImportRecusalFile", HttpBody(content_type=XLSX, data=body.data), HEAD)
    assert (again.imported, again.unchanged, list(again.rejections)) == (0, 1, [])


def test_who_worked_for_an_object_is_recused_from_it_until_that_is_corrected(house: House) -> None:
    file = csv_file(INSPECTORS, ["YC-0001", "张三", LEAD, "2026-01-31", f"{code(1)}、{code(2)}"])
    for _ in range(2):
        call(house, "ImportInspectorFile", file)
    derived = ("EARLIER_EMPLOYMENT", "DERIVED", "ACTIVE")
    assert recusals(house) == sorted([(code(1), *derived), (code(2), *derived)])
    known = house.call("sampling", "GetInspector", {"certificate": "YC-0001"}, by=MANAGER)
    assert list(known.earlier_employers) == [code(1), code(2)]
    del known.earlier_employers[0]
    known.earlier_employers.append(code(3))
    asked = sampling_pb2.UpdateInspectorRequest(certificate="YC-0001", inspector=known)
    house.call("sampling", "UpdateInspector", asked, by=ADMIN)
    assert recusals(house, state="RECUSAL_STATE_ACTIVE") == sorted([(code(2), *derived), (code(3), *derived)])
    assert recusals(house, origin="RECUSAL_ORIGIN_DERIVED", state="RECUSAL_STATE_WITHDRAWN") == [
        (code(1), "EARLIER_EMPLOYMENT", "DERIVED", "WITHDRAWN")
    ]
    known.earlier_employers[:] = ["没有代码"]
    asked.inspector.CopyFrom(known)
    with pytest.raises(Refused) as refusal:
        house.call("sampling", "UpdateInspector", asked, by=ADMIN)
    assert refusal.value.violations == {"inspector.earlier_employers[0]": "OBJECT_ID"}


def test_an_object_of_every_type_is_taken_from_a_file(house: House) -> None:
    types = [
        "机构类主体",
        "自然人主体",
        "附属类主体",
        "设备设施",
        "特种设备",
        "场地场所",
        "项目工程",
        "特定产品",
        "特定人员",
    ]
    header = ["统一社会信用代码", "对象名称", "对象类型", "别名", "法定代表人", "片区/商圈", "区划", "所在省份"]
    lines = [
        [code(1) if index == 0 else f"T-{index}", kind, kind, "又名", "某人", "文理商圈", "500118", "重庆"]
        for index, kind in enumerate(types)
    ]
    asked = sampling_pb2.ImportObjectFileRequest(file=csv_file(header, *lines))
    report = house.call("sampling", "ImportObjectFile", asked, by=ADMIN)
    assert (report.imported, list(report.rejections)) == (len(types), [])
    found = house.call("sampling", "ListObjects", {"area": "文理商圈"}, by=MANAGER).objects
    assert {each.type for each in found} == set(range(1, 9))
