"""What a list shows can be taken along as an Excel file, and files are for those who may see what they belong to."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import grpc
import pytest
from openpyxl import load_workbook

from services.chassis import sheets as chassis_sheets
from services.chassis.identity import Principal
from services.credit.model.delivery import DeliveryAction, DeliveryState
from services.credit.model.disclosure import DisclosureKind, DisclosureState
from services.credit.model.repair_parts import RepairChannel
from services.credit.model.repair_state import RepairState
from services.credit.model.whitelist import WhitelistState
from services.credit.queries import sheets
from tests.credit.people import (
    ADMIN,
    DISTRICT_OFFICER,
    ENTERPRISE,
    FIRM,
    OFFICER,
    OTHER_ENTERPRISE,
    PLANNER,
    SUPERVISOR,
    accepted,
    activate,
    apply,
    disclosed_result,
    documents,
    import_ratings,
    know_objects,
    publish,
)
from tests.support.house import House, Refused, houses

house = houses("credit")

PDF = b"%PDF-1.7 pledge"


def rows(house: House, method: str, by: Principal, **filters: Any) -> list[dict[str, Any]]:
    answer = house.call("credit", method, filters, by=by)
    assert answer.content_type == chassis_sheets.XLSX
    page = load_workbook(io.BytesIO(answer.data)).active
    assert page is not None
    heads, *lines = page.iter_rows(values_only=True)
    return [dict(zip(map(str, heads), line, strict=True)) for line in lines]


def test_ratings_as_a_sheet(house: House) -> None:
    activate(house)
    import_ratings(house, {"publicRating": "A", "validUntil": "2026-01-01"})
    publish(house)
    (row,) = rows(house, "ExportRatings", PLANNER)
    assert (row["统一社会信用代码"], row["公共信用评价"], row["公共信用评价有效期至"]) == (FIRM, "A", "2026-01-01")
    assert row["行业信用评价"] == "司法 C（65）"
    assert rows(house, "ExportRatings", PLANNER, public_ratings=["GRADE_D"]) == []


def test_whitelists_as_a_sheet(house: House) -> None:
    know_objects(house)
    entry = {"objectId": FIRM, "reason": "=1+1"}
    house.call("credit", "ProposeWhitelist", {"whitelist": entry}, by=PLANNER)
    (row,) = rows(house, "ExportWhitelists", PLANNER)
    assert (row["对象名称"], row["状态"], row["理由"]) == ("甲公司", "待审批", "=1+1")


def test_disclosures_deliveries_and_repairs_as_sheets(house: House) -> None:
    channel = {"name": "目录", "kind": "CHANNEL_KIND_DIRECTORY", "target": "x"}
    house.call("credit", "CreateChannel", {"channel": channel}, by=ADMIN)
    accepted(house)
    (result,) = rows(house, "ExportDisclosureRecords", SUPERVISOR, kind="DISCLOSURE_KIND_RESULT")
    assert (result["类别"], result["检查结果"], result["影响信用"]) == ("检查结果", "发现问题待后续处理", "是")
    assert result["公示时间"] == "2025-06-09 09:00:00"
    (delivery,) = rows(house, "ExportDeliveries", SUPERVISOR)
    assert (delivery["动作"], delivery["状态"], delivery["应完成日期"]) == ("共享", "待确认", "2025-06-12")
    (repair,) = rows(house, "ExportRepairs", OFFICER)
    assert (repair["状态"], repair["申请方式"], repair["办理期限"]) == ("已受理", "全市平台", "2025-06-18")
    assert rows(house, "ExportRepairs", DISTRICT_OFFICER) == []


def test_a_sheet_that_would_be_too_long_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    import_ratings(house, {"publicRating": "A"}, {"objectId": "o2", "publicRating": "B"})
    monkeypatch.setattr(chassis_sheets, "GREATEST_SHEET", 1)
    with pytest.raises(Refused) as refusal:
        house.call("credit", "ExportRatings", {}, by=PLANNER)
    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SHEET_TOO_LONG")


def test_every_state_has_its_word() -> None:
    kinds = [DisclosureKind, DisclosureState, DeliveryAction, DeliveryState, WhitelistState, RepairState, RepairChannel]
    assert len(sheets.WORDS) == sum(len(kind) for kind in kinds)


# files


def upload(
    house: House, content: bytes, content_type: str, by: Principal = ENTERPRISE, name: str = "承诺书.pdf"
) -> Any:
    file = {"contentType": content_type, "data": base64.b64encode(content).decode()}
    return house.call("attachments", "UploadAttachment", {"name": "承诺书.pdf", "file": file}, by=by)


def test_a_file_is_kept_by_what_is_in_it_and_named_in_an_application(house: House) -> None:
    kept = upload(house, PDF, "application/pdf")
    assert (kept.sha256, kept.size) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    publish(house)
    brought = documents(house, "PLEDGE")
    pledge = {"sha256": kept.sha256, "name": kept.name, "contentType": kept.content_type}
    brought.append({"kind": "REPAIR_DOCUMENT_KIND_PLEDGE", "attachment": pledge})
    repair = apply(house, disclosed_result(house).disclosure_id, documents=brought)
    request = {"repair_id": repair.repair_id, "sha256": kept.sha256}
    for by in (ENTERPRISE, OFFICER, SUPERVISOR):
        got = house.call("credit", "GetRepairDocument", request, by=by)
        assert (got.data, got.content_type) == (PDF, "application/pdf")
    for by in (OTHER_ENTERPRISE, DISTRICT_OFFICER):
        with pytest.raises(Refused) as refusal:
            house.call("credit", "GetRepairDocument", request, by=by)
        assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_a_file_of_another_repair_is_not_given_out_with_this_one(house: House) -> None:
    repair = accepted(house)
    other = upload(house, PDF, "application/pdf")
    request = {"repair_id": repair.repair_id, "sha256": other.sha256}
    with pytest.raises(Refused) as refusal:
        house.call("credit", "GetRepairDocument", request, by=OFFICER)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_what_a_file_claims_to_be_is_not_believed_when_it_is_shown(house: House) -> None:
    publish(house)
    brought = documents(house)
    for document in brought:
        document["attachment"]["contentType"] = "text/html"
    repair = apply(house, disclosed_result(house).disclosure_id, documents=brought)
    request = {"repair_id": repair.repair_id, "sha256": brought[0]["attachment"]["sha256"]}
    assert house.call("credit", "GetRepairDocument", request, by=OFFICER).content_type == "application/octet-stream"
