"""The inspector directory and recusals as their callers meet them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import grpc
import openpyxl
import pytest
from liangma.sampling.v1 import events_pb2, sampling_pb2

from services.chassis.identity import Principal
from tests.sampling import town
from tests.sampling.town import ADMIN, HEAD, INSPECTOR, LEAD, MANAGER, PARTNER, STRANGER_HEAD, SUPERVISOR, SYSTEM
from tests.support.house import House, Refused, houses

house = houses("sampling")

ZHANG = {
    "certificate": "YC-0001",
    "name": "张三",
    "authority_id": LEAD,
    "region": town.YONGCHUAN,
    "valid_until": "2025-12-31",
    "domains": ["市场监管"],
    "qualifications": ["特种设备"],
    "subject": "zhang",
}


def create(house: House, by: Principal = ADMIN, **fields: object) -> Any:
    return house.call("sampling", "CreateInspector", {"inspector": ZHANG | fields}, by=by)


def refused(house: House, method: str, request: Mapping[str, object], by: Principal = ADMIN) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("sampling", method, request, by=by)
    return caught.value


def test_an_inspector_is_entered_announced_and_read_again(house: House) -> None:
    made = create(house)
    assert (made.etag, made.drawable, made.retired) == ("1", True, False)
    assert house.call("sampling", "GetInspector", {"certificate": "YC-0001"}, by=MANAGER) == made
    [fact] = house.announced("sampling", events_pb2.InspectorChanged)
    [state] = fact.inspectors
    assert (state.certificate, state.version, state.valid_until, list(state.domains)) == (
        "YC-0001",
        1,
        "2025-12-31",
        ["市场监管"],
    )
    assert refused(house, "CreateInspector", {"inspector": ZHANG}).code is grpc.StatusCode.ALREADY_EXISTS


def test_every_bad_field_of_an_inspector_is_named(house: House) -> None:
    bad = {"certificate": "证1", "authority_id": "12", "region": "999999"}
    refusal = refused(house, "CreateInspector", {"inspector": ZHANG | bad})
    assert refusal.violations == {
        "inspector.certificate": "CERTIFICATE",
        "inspector.authority_id": "USCC_LENGTH",
        "inspector.region": "REGION_UNKNOWN",
    }
    missing = refused(house, "CreateInspector", {"inspector": {"certificate": "YC-1"}})
    assert set(missing.violations) == {"inspector.name", "inspector.authority_id", "inspector.valid_until"}


def test_a_head_enters_the_own_people_only(house: House) -> None:
    assert create(house, by=HEAD).authority_id == LEAD
    asked = {"inspector": ZHANG | {"certificate": "YC-0002"}}
    assert refused(house, "CreateInspector", asked, STRANGER_HEAD).reason == "NOT_YOURS"
    assert refused(house, "CreateInspector", asked, MANAGER).reason == "ROLE_NEEDED"
    taking = {"certificate": "YC-0001", "inspector": ZHANG | {"authority_id": town.STRANGER}}
    assert refused(house, "UpdateInspector", taking, HEAD).reason == "NOT_YOURS"
    assert refused(house, "UpdateInspector", taking, STRANGER_HEAD).reason == "NOT_YOURS"


def test_without_a_region_an_inspector_stands_where_the_authority_is(house: House) -> None:
    town.know_authority(house, LEAD, "DISTRICT", region="500101")
    assert create(house, region="").region == "500101"
    assert create(house, region="", certificate="YC-0002", authority_id=PARTNER).region == town.YONGCHUAN


def test_an_expired_certificate_stops_an_inspector_at_once(house: House) -> None:
    create(house)
    house.now = house.now.replace(month=12, day=31)
    read = {"certificate": "YC-0001"}
    assert house.call("sampling", "GetInspector", read, by=MANAGER).drawable
    house.pass_time(days=1)
    assert not house.call("sampling", "GetInspector", read, by=MANAGER).drawable
    assert not house.call("sampling", "ListInspectors", {"drawable_only": True}, by=MANAGER).inspectors


def test_a_retired_inspector_is_back_once_entered_again(house: House) -> None:
    create(house)
    assert refused(house, "RetireInspector", {"certificate": "YC-0001"}).violations == {"reason": "REQUIRED"}
    asked = {"certificate": "YC-0001", "reason": "退休"}
    retired = house.call("sampling", "RetireInspector", asked, by=HEAD)
    assert (retired.retired, retired.retired_reason, retired.drawable) == (True, "退休", False)
    assert refused(house, "RetireInspector", asked).reason == "INSPECTOR_RETIRED"
    again = house.call("sampling", "UpdateInspector", {"certificate": "YC-0001", "inspector": ZHANG}, by=ADMIN)
    assert (again.retired, again.drawable, again.etag) == (False, True, "3")
    states = [f.inspectors[0] for f in house.announced("sampling", events_pb2.InspectorChanged)]
    assert [(s.version, s.retired) for s in states] == [(1, False), (2, True), (3, False)]
    revisions = house.call("sampling", "ListInspectorRevisions", {"certificate": "YC-0001"}, by=HEAD).revisions
    assert [(r.inspector.etag, r.inspector.retired) for r in revisions] == [("2", True), ("1", False)]


def test_a_stale_etag_changes_no_inspector(house: House) -> None:
    made = create(house)
    asked = {"certificate": "YC-0001", "inspector": ZHANG | {"name": "张四"}, "etag": made.etag}
    house.call("sampling", "UpdateInspector", asked, by=ADMIN)
    assert refused(house, "UpdateInspector", asked).code is grpc.StatusCode.ABORTED


def test_inspectors_are_found_by_every_filter(house: House) -> None:
    create(house)
    create(house, certificate="YC-0002", name="李四", domains=["消防"], valid_until="2025-01-01")
    create(house, certificate="YC-0003", name="王五", authority_id=PARTNER, region="500101", expert=True)

    def found(**filters: object) -> list[str]:
        answer = house.call("sampling", "ListInspectors", filters, by=MANAGER)
        return [each.certificate for each in answer.inspectors]

    assert found() == ["YC-0001", "YC-0002", "YC-0003"]
    assert found(query="李") == ["YC-0002"]
    assert found(authority_id=PARTNER) == ["YC-0003"]
    assert found(region=town.YONGCHUAN) == ["YC-0001", "YC-0002"]
    assert found(domain="消防") == ["YC-0002"]
    assert found(drawable_only=True) == ["YC-0001"]
    assert found(order_by="valid_until") == ["YC-0002", "YC-0001", "YC-0003"]
    body = house.call("sampling", "ExportInspectors", {"drawable_only": True}, by=MANAGER)
    sheet = openpyxl.load_workbook(io.BytesIO(body.data)).worksheets[0]
    assert [line[0].value for line in sheet.iter_rows()] == ["证件号", "YC-0001"]


def test_rows_of_inspectors_go_in_or_are_reported_and_a_repeat_is_harmless(house: House) -> None:
    good: dict[str, Any] = {
        "certificate": "YC-0001",
        "name": "张三",
        "authority_id": LEAD,
        "valid_until": "2025-12-31",
        "domains": "消防;司法",
    }
    rows = [
        good | {"line": 1},
        good | {"line": 2, "certificate": "?"},
        good | {"line": 3, "certificate": "YC-0003", "name": ""},
        good | {"line": 4, "certificate": "YC-0004", "authority_id": "1"},
        good | {"line": 5, "certificate": "YC-0005", "valid_until": "长期"},
        good | {"line": 6, "certificate": "YC-0006", "region": "火星"},
        good | {"line": 7, "name": "同号"},
        good | {"line": 8, "certificate": "YC-0008", "region": "永川区", "expert": "是"},
    ]
    report = house.call("sampling", "ImportInspectors", {"rows": rows}, by=ADMIN)
    assert (report.imported, report.unchanged) == (2, 0)
    assert [(r.line, r.column, r.rule) for r in report.rejections] == [
        (2, "证件号", "CERTIFICATE"),
        (3, "姓名", "REQUIRED"),
        (4, "所属机构", "USCC_LENGTH"),
        (5, "有效期至", "DATE_FORMAT"),
        (6, "区划", "REGION_UNKNOWN"),
        (7, "证件号", "DUPLICATE"),
    ]
    again = house.call("sampling", "ImportInspectors", {"rows": [rows[0], rows[7]]}, by=ADMIN)
    assert (again.imported, again.unchanged) == (0, 2)
    renewed = rows[0] | {"valid_until": "2030-12-31"}
    assert house.call("sampling", "ImportInspectors", {"rows": [renewed]}, by=ADMIN).imported == 1
    read = house.call("sampling", "GetInspector", {"certificate": "YC-0001"}, by=ADMIN)
    assert (read.valid_until, list(read.domains), read.region, read.etag) == (
        "2030-12-31",
        ["消防", "司法"],
        town.YONGCHUAN,
        "2",
    )


def declare(house: House, by: Principal = INSPECTOR, **fields: object) -> Any:
    known = {"certificate": "YC-0001", "object_id": town.code(1), "kind": "RECUSAL_KIND_SPOUSE"}
    return house.call("sampling", "DeclareRecusal", {"recusal": known | fields}, by=by)


@pytest.fixture
def staffed(house: House) -> House:
    """A house with an inspector and an object."""
    create(house)
    town.settle_objects(house, 1)
    return house


def test_an_inspector_declares_the_own_recusal_and_only_the_head_ends_it(staffed: House) -> None:
    made = declare(staffed, detail="配偶任职")
    assert (made.origin, made.state) == (sampling_pb2.RECUSAL_ORIGIN_DECLARED, sampling_pb2.RECUSAL_STATE_ACTIVE)
    assert (made.authority_id, made.created_by) == (LEAD, "inspector")
    asked = {"recusal_id": made.recusal_id, "reason": "已离异"}
    assert refused(staffed, "WithdrawRecusal", asked, INSPECTOR).reason == "ROLE_NEEDED"
    assert refused(staffed, "WithdrawRecusal", asked, STRANGER_HEAD).code is grpc.StatusCode.NOT_FOUND
    ended = staffed.call("sampling", "WithdrawRecusal", asked, by=HEAD)
    assert (ended.state, ended.withdrawn_reason) == (sampling_pb2.RECUSAL_STATE_WITHDRAWN, "已离异")
    assert refused(staffed, "WithdrawRecusal", asked, HEAD).reason == "RECUSAL_WITHDRAWN"
    listed = staffed.call("sampling", "ListRecusals", {}, by=HEAD).recusals
    assert [each.recusal_id for each in listed] == [made.recusal_id]


def test_nobody_declares_recusals_of_other_authorities(staffed: House) -> None:
    colleague = Principal("colleague", roles=frozenset({"inspector"}), authority=LEAD, certificate="YC-0009")
    for by in (STRANGER_HEAD, colleague):
        with pytest.raises(Refused) as caught:
            declare(staffed, by=by)
        assert caught.value.reason == "NOT_YOUR_RECUSAL"
    for by, kind in ((MANAGER, "INTEREST"), (SUPERVISOR, "OTHER"), (ADMIN, "RELATIVE")):
        assert declare(staffed, by=by, kind=f"RECUSAL_KIND_{kind}")
    derived = declare(staffed, by=SYSTEM, kind="RECUSAL_KIND_EARLIER_EMPLOYMENT")
    assert derived.origin == sampling_pb2.RECUSAL_ORIGIN_DERIVED


def test_the_same_recusal_is_declared_once_and_only_of_whom_is_known(staffed: House) -> None:
    declare(staffed)
    for fields, code in (
        ({}, grpc.StatusCode.ALREADY_EXISTS),
        ({"object_id": town.code(2)}, grpc.StatusCode.NOT_FOUND),
        ({"certificate": "nobody"}, grpc.StatusCode.NOT_FOUND),
        ({"kind": "RECUSAL_KIND_UNSPECIFIED"}, grpc.StatusCode.INVALID_ARGUMENT),
    ):
        with pytest.raises(Refused) as caught:
            declare(staffed, by=ADMIN, **fields)
        assert caught.value.code is code


def test_recusals_are_seen_within_the_own_authority_and_by_who_oversees(staffed: House) -> None:
    made = declare(staffed)
    asked = {"recusal_id": made.recusal_id}
    for by in (INSPECTOR, HEAD, SUPERVISOR, ADMIN):
        assert staffed.call("sampling", "GetRecusal", asked, by=by) == made
        assert len(staffed.call("sampling", "ListRecusals", {}, by=by).recusals) == 1
    assert refused(staffed, "GetRecusal", asked, STRANGER_HEAD).code is grpc.StatusCode.NOT_FOUND
    assert not staffed.call("sampling", "ListRecusals", {}, by=STRANGER_HEAD).recusals
    nobodys = Principal("nobodys", roles=frozenset({"inspector"}))
    assert not staffed.call("sampling", "ListRecusals", {}, by=nobodys).recusals
    by_filter = {"certificate": "YC-0001", "object_id": town.code(1), "state": "RECUSAL_STATE_ACTIVE"}
    assert len(staffed.call("sampling", "ListRecusals", by_filter, by=ADMIN).recusals) == 1
    assert not staffed.call("sampling", "ListRecusals", {"certificate": "other"}, by=ADMIN).recusals
