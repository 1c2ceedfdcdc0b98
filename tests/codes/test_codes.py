"""Codes are read, listed, pictured and revoked by who may; other systems apply for theirs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from liangma.codes.v1 import codes_pb2, codes_pb2_grpc, events_pb2

from services.chassis.identity import Principal
from tests.codes import city
from tests.support.camera import seen
from tests.support.house import House, Refused, houses

house = houses("codes")


@pytest.fixture(autouse=True)
def _settled(house: House) -> None:
    city.settle_in(house)


def application(**changes: Any) -> dict[str, Any]:
    part = {"authority_id": city.JUSTICE, "matter_ids": [city.MATTER], "certificates": list(city.TEAM)}
    fact = {
        "object_id": city.SHOP,
        "parts": [part],
        "task_number": "食安〔2025〕9号",
        "starts_on": "2025-06-09",
        "ends_on": "2025-06-13",
    }
    return fact | changes


def apply(house: House, by: Principal = city.SYSTEM, **changes: Any) -> Any:
    return house.call("codes", "ApplyExternalCode", application(**changes), by=by)


def refused(house: House, method: str, request: dict[str, Any], by: Principal) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("codes", method, request, by=by)
    return caught.value


def test_a_code_is_read_by_its_people_and_unknown_to_others(house: House) -> None:
    (issued,) = city.issue(house)
    request = {"code_id": issued.code_id}
    for reader in (city.INSPECTOR, city.MANAGER, city.OWNER, city.SUPERVISOR, city.ADMINISTRATOR):
        assert house.call("codes", "GetCode", request, by=reader).text == issued.text
    for outsider in (city.STRANGER, city.FARMER, city.CLERK, city.SYSTEM):
        assert refused(house, "GetCode", request, outsider).code is grpc.StatusCode.NOT_FOUND
        assert refused(house, "GetCodePicture", request, outsider).code is grpc.StatusCode.NOT_FOUND
    assert refused(house, "GetCode", request, city.PUBLIC).code is grpc.StatusCode.UNAUTHENTICATED


def test_lists_show_each_caller_his_own_and_filter(house: House) -> None:
    city.issue(house, city.inspection(), city.inspection(city.FARM, city.part(city.FARMING, city.OTHER_TEAM)))

    def listed(by: Principal, **filters: Any) -> list[str]:
        return [code.object_id for code in house.call("codes", "ListCodes", filters, by=by).codes]

    assert sorted(listed(city.SUPERVISOR)) == sorted([city.SHOP, city.FARM])
    assert listed(city.INSPECTOR) == [city.SHOP]
    assert listed(city.STRANGER) == [city.FARM]
    assert listed(city.FARMER) == [city.FARM]
    assert listed(city.CLERK) == []
    assert listed(city.SUPERVISOR, certificate=city.OTHER_TEAM[0]) == [city.FARM]
    assert listed(city.SUPERVISOR, authority_id=city.JUSTICE) == [city.SHOP]
    assert listed(city.SUPERVISOR, object_id=city.SHOP, kind="CODE_KIND_SINGLE") == [city.SHOP]
    assert listed(city.SUPERVISOR, state="CODE_STATE_REVOKED") == []
    assert listed(city.SUPERVISOR, valid_on="2025-07-01") == []
    assert refused(house, "ListCodes", {"valid_on": "1.7."}, city.SUPERVISOR).violations == {"valid_on": "FORMAT"}
    assert refused(house, "ListCodes", {"order_by": "x"}, city.SUPERVISOR).violations == {"order_by": "UNKNOWN_ORDER"}


def test_pages_go_on_where_they_stopped(house: House) -> None:
    city.issue(house, *(city.inspection() for _ in range(5)))
    request = {"page_size": 2, "order_by": "create_time desc"}
    first = house.call("codes", "ListCodes", request, by=city.MANAGER)
    second = house.call("codes", "ListCodes", request | {"page_token": first.page.next_page_token}, by=city.MANAGER)
    ids = [code.code_id for code in (*first.codes, *second.codes)]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 4


@pytest.mark.parametrize("kind", ["PICTURE_FORMAT_UNSPECIFIED", "PICTURE_FORMAT_PNG"])
def test_the_picture_shows_the_text_to_any_camera(house: House, kind: str) -> None:
    (issued,) = city.issue(house)
    picture = house.call("codes", "GetCodePicture", {"code_id": issued.code_id, "format": kind}, by=city.INSPECTOR)
    assert picture.content_type == "image/png"
    assert seen(picture.data) == issued.text


def test_the_picture_comes_as_svg_and_not_in_any_size(house: House) -> None:
    (issued,) = city.issue(house)
    request = {"code_id": issued.code_id, "format": "PICTURE_FORMAT_SVG"}
    picture = house.call("codes", "GetCodePicture", request, by=city.OWNER)
    assert (picture.content_type, picture.data[:5]) == ("image/svg+xml", b"<?xml")
    assert refused(house, "GetCodePicture", request | {"scale": 21}, city.OWNER).violations == {"scale": "RANGE"}


def test_revoking_gives_the_count_back_and_shows_on_the_status_list(house: House) -> None:
    house.announce(city.cap(1))
    (issued,) = city.issue(house)
    revoked = house.call("codes", "RevokeCode", {"code_id": issued.code_id, "reason": "误发"}, by=city.MANAGER)
    assert (revoked.state, revoked.etag, revoked.updated_by) == (codes_pb2.CODE_STATE_REVOKED, "2", "wang")
    assert house.announced("codes", events_pb2.CodeRevoked)[0].reason == "误发"
    assert len(city.issue(house)) == 1


def test_revoking_is_refused_to_strangers_late_and_twice(house: House) -> None:
    first, second = city.issue(house, city.inspection(), city.inspection())
    request = {"code_id": first.code_id, "reason": "误发"}
    assert refused(house, "RevokeCode", request, city.OTHER_MANAGER).reason == "NOT_YOURS"
    assert refused(house, "RevokeCode", request, city.INSPECTOR).reason == "ROLE_NEEDED"
    assert refused(house, "RevokeCode", request | {"reason": " "}, city.MANAGER).violations == {"reason": "REQUIRED"}
    assert refused(house, "RevokeCode", request | {"etag": "7"}, city.MANAGER).code is grpc.StatusCode.ABORTED
    house.call("codes", "RevokeCode", request, by=city.SUPERVISOR)
    assert refused(house, "RevokeCode", request, city.MANAGER).reason == "CODE_REVOKED"
    city.verify(house, second.text)
    city.scan(house, city.enterprise_code(house), second.code_id)
    told = refused(house, "RevokeCode", {"code_id": second.code_id, "reason": "误发"}, city.MANAGER)
    assert (told.reason, told.metadata["state"]) == ("VISIT_UNDER_WAY", "VERIFIED")


def test_another_system_gets_a_code_by_the_same_rules(house: House) -> None:
    house.announce(city.cap(1))
    code = apply(house)
    assert (code.kind, code.created_by, code.inspection_id) == (codes_pb2.CODE_KIND_EXTERNAL, "food-safety", "")
    assert house.announced("codes", events_pb2.CodeIssued)[0].codes[0].code_id == code.code_id
    assert house.call("codes", "GetCode", {"code_id": code.code_id}, by=city.SYSTEM) == code
    told = refused(house, "ApplyExternalCode", application(), city.SYSTEM)
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "VISIT_INTERCEPTED")
    assert (told.metadata["rule"], told.metadata["count"], told.metadata["cap"]) == ("ANNUAL_CAP", "1", "1")
    assert len(house.announced("codes", events_pb2.CodeIssued)) == 1


def test_an_external_visit_is_verified_like_any_other(house: House) -> None:
    code = apply(house)
    city.verify(house, code.text)
    scanned = city.scan(house, city.enterprise_code(house), code.code_id)
    assert scanned.visit.state == codes_pb2.VISIT_STATE_VERIFIED


@pytest.mark.parametrize(
    ("changes", "violations"),
    [
        ({"object_id": ""}, {"object_id": "REQUIRED"}),
        ({"parts": []}, {"parts": "REQUIRED"}),
        ({"starts_on": "9.6.2025"}, {"starts_on": "FORMAT"}),
        ({"starts_on": "2025-06-14"}, {"ends_on": "RANGE"}),
        ({"starts_on": "2025-06-01", "ends_on": "2025-06-02"}, {"ends_on": "RANGE"}),
        ({"ends_on": "2027-06-09"}, {"ends_on": "RANGE"}),
        ({"lead_kind": "好奇"}, {"lead_kind": "UNKNOWN_LEAD", "lead_detail": "REQUIRED"}),
        (
            {"parts": [{"authority_id": city.JUSTICE, "matter_ids": ["m"], "certificates": ["1"]}]},
            {"parts[0].certificates": "TWO_INSPECTORS"},
        ),
    ],
)
def test_an_application_names_what_is_wrong_with_it(
    house: House, changes: dict[str, Any], violations: dict[str, str]
) -> None:
    assert refused(house, "ApplyExternalCode", application(**changes), city.SYSTEM).violations == violations


def test_an_application_for_somebody_unknown_or_somebody_elses_is_refused(house: House) -> None:
    assert refused(house, "ApplyExternalCode", application(object_id="nobody"), city.SYSTEM).code is (
        grpc.StatusCode.NOT_FOUND
    )
    farming = Principal("farm-system", roles=frozenset({"system"}), authority=city.FARMING)
    assert refused(house, "ApplyExternalCode", application(), farming).reason == "NOT_YOURS"


def test_two_hundred_at_once_get_exactly_as_many_codes_as_the_cap_allows(house: House) -> None:
    """Sixteen server threads, eight connections, one cap of three."""
    house.announce(city.cap(3))
    systems = [Principal(f"system-{n}", roles=frozenset({"system"})) for n in range(8)]
    stubs = [house.stub(codes_pb2_grpc.CodesServiceStub, by=system) for system in systems]
    start = threading.Barrier(40)

    def ask(n: int) -> str:
        start.wait()
        parts = [codes_pb2.CodePart(authority_id=city.JUSTICE, matter_ids=[city.MATTER], certificates=city.TEAM)]
        request = codes_pb2.ApplyExternalCodeRequest(
            object_id=city.SHOP, parts=parts, task_number=str(n), starts_on="2025-06-09", ends_on="2025-06-09"
        )
        try:
            stubs[n % 8].ApplyExternalCode(request)
        except Refused as refusal:
            return refusal.metadata.get("rule", refusal.reason)
        return "issued"

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(ask, range(200)))
    assert {answer: answers.count(answer) for answer in set(answers)} == {"issued": 3, "ANNUAL_CAP": 197}
    with house.work("codes") as work:
        counted = work.session.execute(work.tables["visit_counts"].select()).all()
    assert {row.visits for row in counted} == {3}


def test_batches_that_share_objects_issue_no_code_too_many(house: House) -> None:
    """Six dispatches of the same objects in different orders, at the same time."""
    house.announce(city.cap(3))
    targets = [city.SHOP, city.FARM, city.FAR_SHOP]

    def send(n: int) -> None:
        turned = targets[n % 3 :] + targets[: n % 3]
        house.announce(city.dispatched(*(city.inspection(id) for id in turned), task_id=f"task-{n}"))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, range(6)))
    codes = house.call("codes", "ListCodes", {"page_size": 1000}, by=city.ADMINISTRATOR).codes
    assert sorted(code.object_id for code in codes) == sorted(targets * 3)
    assert len(city.intercepted(house)) == 9
    assert sorted(code.status_index for code in codes) == list(range(9))
