"""On site: both codes in either order, once; every wrong code says precisely how it is wrong."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from liangma.codes.v1 import codes_pb2, events_pb2
from liangma.tasks.v1 import events_pb2 as tasks

from services.codes import cose, signing
from services.codes.model.content import Content
from tests.codes import city
from tests.support.house import House, Refused, houses

house = houses("codes")
BAD, WRONG_STATE, DENIED, MISSING = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.NOT_FOUND,
)


@pytest.fixture(autouse=True)
def _settled(house: House) -> None:
    city.settle_in(house)


@pytest.fixture
def issued(house: House) -> events_pb2.IssuedCode:
    return city.issue(house)[0]


@pytest.fixture
def shop_code(house: House) -> str:
    return city.enterprise_code(house)


def refusal(code: grpc.StatusCode, reason: str, act: Any) -> Refused:
    """The refusal an act meets, which must be this one."""
    with pytest.raises(Refused) as caught:
        act()
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert caught.value.zh
    return caught.value


def forged(text: str) -> str:
    """The same code with its last signature byte changed."""
    prefix, _, body = text.rpartition("/")
    data = bytearray(base64.b32decode(body + "=" * (-len(body) % 8)))
    data[-1] ^= 1
    return f"{prefix}/{base64.b32encode(bytes(data)).decode().rstrip('=')}"


def by_another_key(text: str) -> str:
    """A code like ours, signed with somebody else's key."""
    content = Content(
        code_id="0198aaaa-0000-7000-8000-000000000001",
        kind="SINGLE",
        status_index=0,
        valid_from=datetime(2025, 6, 1, tzinfo=UTC),
        valid_to=datetime(2025, 7, 1, tzinfo=UTC),
        object_id=city.SHOP,
    )
    return signing.encode(content, cose.Ed25519Signer(b"\1" * 32), text.split("/")[2])


def test_the_enterprise_then_the_inspector_scan_and_the_visit_is_verified(
    house: House, issued: events_pb2.IssuedCode, shop_code: str
) -> None:
    seen = city.verify(house, issued.text)
    assert seen.visit.state == codes_pb2.VISIT_STATE_PENDING
    scanned = city.scan(house, shop_code, issued.code_id)
    assert scanned.visit.state == codes_pb2.VISIT_STATE_VERIFIED
    (fact,) = house.announced("codes", events_pb2.VisitVerified)
    assert (fact.inspection_id, fact.object_id, fact.certificate) == (issued.inspection_id, city.SHOP, city.TEAM[0])
    assert fact.verified_at == "2025-06-09T01:00:00Z"


def test_the_other_order_verifies_as_well(house: House, issued: events_pb2.IssuedCode, shop_code: str) -> None:
    assert city.scan(house, shop_code, issued.code_id).visit.state == codes_pb2.VISIT_STATE_PENDING
    assert city.verify(house, issued.text).visit.state == codes_pb2.VISIT_STATE_VERIFIED
    assert len(house.announced("codes", events_pb2.VisitVerified)) == 1


def test_scanning_again_before_the_other_side_changes_nothing(house: House, issued: events_pb2.IssuedCode) -> None:
    first = city.verify(house, issued.text)
    house.pass_time(minutes=5)
    again = city.verify(house, issued.text)
    assert again.visit.enterprise_scanned_at == first.visit.enterprise_scanned_at
    assert house.announced("codes", events_pb2.VisitVerified) == []


def test_the_enterprise_sees_who_comes_to_look_at_what(house: House, issued: events_pb2.IssuedCode) -> None:
    seen = city.verify(house, issued.text)
    assert seen.verdict == codes_pb2.VERDICT_AUTHENTIC
    assert [(one.name, one.on_subject_list) for one in seen.authorities] == [("重庆市司法局", True)]
    assert [(one.name, one.certificate, one.valid) for one in seen.inspectors] == [
        ("李雷", city.TEAM[0], True),
        ("韩梅梅", city.TEAM[1], True),
    ]
    (matter,) = seen.matters
    assert (matter.name, matter.items[0].name, matter.items[0].standard) == (
        "对文物经营的行政检查",
        "经营资质",
        "GB/T 1",
    )


def test_only_the_part_after_the_path_serves_as_well(house: House, issued: events_pb2.IssuedCode) -> None:
    assert city.verify(house, issued.text.rpartition("/")[2].lower()).code_id == issued.code_id


def test_a_code_that_served_is_refused_as_replayed(house: House, issued: events_pb2.IssuedCode, shop_code: str) -> None:
    city.verify(house, issued.text)
    city.scan(house, shop_code, issued.code_id)
    refusal(WRONG_STATE, "CODE_REPLAYED", lambda: city.verify(house, issued.text))
    refusal(WRONG_STATE, "CODE_REPLAYED", lambda: city.scan(house, shop_code, issued.code_id))
    refusal(WRONG_STATE, "CODE_REPLAYED", lambda: except_(house, issued))
    assert len(house.announced("codes", events_pb2.VisitVerified)) == 1


def test_an_expired_code_says_so(house: House, issued: events_pb2.IssuedCode, shop_code: str) -> None:
    house.pass_time(days=20)
    told = refusal(WRONG_STATE, "CODE_EXPIRED", lambda: city.verify(house, issued.text))
    assert told.metadata["valid_to"] == "2025-06-21 00:00"
    refusal(WRONG_STATE, "CODE_EXPIRED", lambda: city.scan(house, shop_code, issued.code_id))
    refusal(WRONG_STATE, "CODE_EXPIRED", lambda: present(house, issued.code_id))
    refusal(WRONG_STATE, "CODE_EXPIRED", lambda: except_(house, issued))


def test_a_code_before_its_time_says_so(house: House) -> None:
    (issued,) = city.issue(house, starts_on="2025-06-10")
    refusal(WRONG_STATE, "CODE_NOT_YET_VALID", lambda: city.verify(house, issued.text))
    refusal(WRONG_STATE, "CODE_NOT_YET_VALID", lambda: present(house, issued.code_id))


def test_a_revoked_code_says_so_with_its_reason(house: House, issued: events_pb2.IssuedCode) -> None:
    house.call("codes", "RevokeCode", {"code_id": issued.code_id, "reason": "任务调整"}, by=city.MANAGER)
    told = refusal(WRONG_STATE, "CODE_REVOKED", lambda: city.verify(house, issued.text))
    assert "任务调整" in told.zh
    refusal(WRONG_STATE, "CODE_REVOKED", lambda: present(house, issued.code_id))


def test_foreign_malformed_forged_and_unknown_texts_are_told_apart(house: House, issued: events_pb2.IssuedCode) -> None:
    for text, reason in (
        ("HTTPS://EVIL.EXAMPLE/V/" + issued.text.rpartition("/")[2], "FOREIGN_CODE"),
        ("https://weixin.qq.com/r/xyz", "FOREIGN_CODE"),
        ("你好", "MALFORMED_CODE"),
        (issued.text[:-9], "MALFORMED_CODE"),
        (by_another_key(issued.text), "UNKNOWN_KEY"),
        (forged(issued.text), "FORGED_CODE"),
    ):
        told = refusal(BAD, reason, lambda text=text: city.verify(house, text))
        assert told.violations == {"text": reason}


def test_a_genuine_signature_over_a_code_that_was_never_issued_is_unknown(
    house: House, issued: events_pb2.IssuedCode
) -> None:
    with house.work("codes") as work:
        work.session.execute(work.tables["codes"].delete())
    refusal(MISSING, "UNKNOWN_CODE", lambda: city.verify(house, issued.text))
    assert verdict(house, issued.text) == "VERDICT_UNKNOWN_CODE"


def test_each_kind_of_code_is_refused_where_the_other_belongs(
    house: House, issued: events_pb2.IssuedCode, shop_code: str
) -> None:
    refusal(BAD, "NOT_AN_INSPECTION_CODE", lambda: city.verify(house, shop_code))
    refusal(BAD, "NOT_AN_ENTERPRISE_CODE", lambda: city.scan(house, issued.text, issued.code_id))


def test_another_enterprise_cannot_verify_the_code(house: House, issued: events_pb2.IssuedCode) -> None:
    refusal(DENIED, "NOT_THE_OBJECT", lambda: city.verify(house, issued.text, by=city.FARMER))
    refusal(DENIED, "NOT_THE_OBJECT", lambda: city.verify(house, issued.text, by=city.OWNER, object_id=city.FARM))
    refusal(DENIED, "ROLE_NEEDED", lambda: city.verify(house, issued.text, by=city.INSPECTOR))


def test_the_wrong_enterprise_code_is_refused(house: House, issued: events_pb2.IssuedCode) -> None:
    farm_code = city.enterprise_code(house, city.FARMER)
    told = refusal(WRONG_STATE, "WRONG_ENTERPRISE", lambda: city.scan(house, farm_code, issued.code_id))
    assert told.metadata == {"scanned": city.FARM, "expected": city.SHOP}


def test_a_replaced_enterprise_code_is_revoked(house: House, issued: events_pb2.IssuedCode, shop_code: str) -> None:
    newer = city.enterprise_code(house)
    refusal(WRONG_STATE, "CODE_REVOKED", lambda: city.scan(house, shop_code, issued.code_id))
    assert city.scan(house, newer, issued.code_id).scheme == "LM-CODE-1"
    assert verdict(house, shop_code) == "VERDICT_REVOKED"
    assert verdict(house, newer) == "VERDICT_AUTHENTIC"


def test_an_inspector_who_is_not_on_the_code_may_not_use_it(
    house: House, issued: events_pb2.IssuedCode, shop_code: str
) -> None:
    for act in (
        lambda: city.scan(house, shop_code, issued.code_id, by=city.STRANGER),
        lambda: present(house, issued.code_id, by=city.STRANGER),
        lambda: except_(house, issued, by=city.STRANGER),
    ):
        refusal(DENIED, "NOT_ON_THE_CODE", act)


def test_an_inspector_whose_certificate_ran_out_may_not_use_the_code(
    house: House, issued: events_pb2.IssuedCode, shop_code: str
) -> None:
    house.announce(city.inspectors((city.TEAM[0], "李雷", city.JUSTICE, "2025-06-08"), version=2))
    refusal(DENIED, "CERTIFICATE_NOT_VALID", lambda: city.scan(house, shop_code, issued.code_id))
    refusal(DENIED, "CERTIFICATE_NOT_VALID", lambda: city.scan(house, shop_code))
    refusal(DENIED, "CERTIFICATE_NOT_VALID", lambda: present(house, issued.code_id))


def test_presenting_is_noted_once_and_by_whom(house: House, issued: events_pb2.IssuedCode) -> None:
    shown = present(house, issued.code_id)
    assert (shown.visit.presented_by, shown.text) == (city.TEAM[0], issued.text)
    house.pass_time(minutes=3)
    assert present(house, issued.code_id, by=city.COLLEAGUE).visit.presented_by == city.TEAM[0]


def test_looking_at_an_enterprise_offers_the_inspectors_open_codes(
    house: House, issued: events_pb2.IssuedCode, shop_code: str
) -> None:
    looked = city.scan(house, shop_code)
    assert [code.code_id for code in looked.open_codes] == [issued.code_id]
    assert not looked.HasField("visit")
    assert (looked.object.name, looked.object.region, looked.object.address) == ("渝北小店", "500105", "渝北三村6号")
    assert not city.scan(house, shop_code, by=city.STRANGER).open_codes


def except_(house: House, issued: events_pb2.IssuedCode, *, by: Any = city.INSPECTOR, **more: Any) -> Any:
    request = {
        "code_id": issued.code_id,
        "exception": "EXCEPTION_KIND_REFUSED_TO_SCAN",
        "reason": "负责人拒绝扫码",
        "photo": city.photo(house),
    }
    return house.call("codes", "RecordException", request | more, by=by)


def present(house: House, code_id: str, by: Any = city.INSPECTOR) -> Any:
    return house.call("codes", "PresentCode", {"code_id": code_id}, by=by)


def verdict(house: House, text: str) -> str:
    answer = house.call("codes", "CheckInspectionCode", {"text": text}, by=city.PUBLIC)
    assert answer.message_zh
    assert answer.message_en
    return codes_pb2.Verdict.Name(answer.verdict)


def test_a_refusal_to_scan_is_recorded_with_photo_and_the_supervisor_warned(
    house: House, issued: events_pb2.IssuedCode
) -> None:
    visit = except_(house, issued)
    assert (visit.state, visit.exception_photo.name) == (codes_pb2.VISIT_STATE_EXCEPTED, "现场.png")
    (fact,) = house.announced("codes", events_pb2.VisitExcepted)
    assert (fact.exception, fact.reason, fact.certificate) == ("REFUSED_TO_SCAN", "负责人拒绝扫码", city.TEAM[0])
    assert city.warned(house) == ["NO_MUTUAL_VERIFICATION"]
    refusal(WRONG_STATE, "VISIT_EXCEPTED_ALREADY", lambda: except_(house, issued))
    refusal(WRONG_STATE, "VISIT_EXCEPTED_ALREADY", lambda: city.verify(house, issued.text))
    assert verdict(house, issued.text) == "VERDICT_USED"


def test_the_record_that_follows_an_exception_does_not_warn_again(house: House, issued: events_pb2.IssuedCode) -> None:
    except_(house, issued)
    fact = tasks.RecordedWithoutVerification(
        inspection_id=issued.inspection_id,
        task_id="task-1",
        authority_id=city.JUSTICE,
        object_id=city.SHOP,
        exception="REFUSED_TO_SCAN",
    )
    house.announce(fact)
    assert city.warned(house) == ["NO_MUTUAL_VERIFICATION"]
    fact.inspection_id = "another"
    house.announce(fact)
    assert city.warned(house) == ["NO_MUTUAL_VERIFICATION"] * 2


def test_an_exception_needs_kind_reason_and_a_photo_that_was_uploaded(
    house: House, issued: events_pb2.IssuedCode
) -> None:
    with pytest.raises(Refused) as caught:
        house.call("codes", "RecordException", {"code_id": issued.code_id}, by=city.INSPECTOR)
    assert caught.value.violations == {"exception": "REQUIRED", "reason": "REQUIRED", "photo": "REQUIRED"}
    lost = {"sha256": "0" * 64, "name": "丢失.png"}
    told = refusal(BAD, "UNKNOWN_ATTACHMENT", lambda: except_(house, issued, photo=lost))
    assert told.violations == {"photo.sha256": "UNKNOWN_ATTACHMENT"}
    assert house.announced("codes", events_pb2.VisitExcepted) == []


def test_a_survey_visits_many_objects_with_one_code(house: House, shop_code: str) -> None:
    (issued,) = city.issue(house, city.inspection(""), code_kind="SURVEY")
    farm_code = city.enterprise_code(house, city.FARMER)
    city.verify(house, issued.text)
    city.verify(house, issued.text, by=city.FARMER)
    city.scan(house, shop_code, issued.code_id)
    city.scan(house, farm_code, issued.code_id)
    facts = house.announced("codes", events_pb2.VisitVerified)
    assert {fact.object_id for fact in facts} == {city.SHOP, city.FARM}
    refusal(BAD, "OBJECT_NEEDED", lambda: except_(house, issued))
    assert except_(house, issued, object_id=city.FAR_SHOP).object_id == city.FAR_SHOP
    visits = house.call("codes", "ListVisits", {"code_id": issued.code_id}, by=city.INSPECTOR).visits
    assert len(visits) == 3


def test_anybody_may_check_a_code_and_personal_data_is_masked(house: House, issued: events_pb2.IssuedCode) -> None:
    answer = house.call("codes", "CheckInspectionCode", {"text": issued.text}, by=city.PUBLIC)
    assert answer.verdict == codes_pb2.VERDICT_AUTHENTIC
    assert [(one.name, one.certificate, one.valid_until) for one in answer.inspectors] == [
        ("李*", "50*******45", ""),
        ("韩**", "50*******46", ""),
    ]
    assert (answer.object_name, answer.authorities[0].name, answer.matters[0].name) == (
        "渝北小店",
        "重庆市司法局",
        "对文物经营的行政检查",
    )
    (person,) = city.issue(house, city.inspection(city.PERSON))
    answer = house.call("codes", "CheckInspectionCode", {"text": person.text}, by=city.PUBLIC)
    assert (answer.object_name, answer.object_id) == ("张**", "5101**********1234")


def test_many_texts_are_checked_at_once_and_answered_in_their_order(
    house: House, issued: events_pb2.IssuedCode, shop_code: str
) -> None:
    (survey,) = city.issue(house, city.inspection(""), code_kind="SURVEY")
    (person,) = city.issue(house, city.inspection(city.PERSON))
    texts = [issued.text, "nonsense!", shop_code, person.text, survey.text, issued.text]
    request = {"requests": [{"text": text} for text in texts]}
    checks = house.call("codes", "BatchCheckInspectionCodes", request, by=city.PUBLIC).checks
    assert list(checks) == [
        house.call("codes", "CheckInspectionCode", {"text": text}, by=city.PUBLIC) for text in texts
    ]
    assert [check.object_name for check in checks] == ["渝北小店", "", "渝北小店", "张**", "", "渝北小店"]


def test_too_many_texts_at_once_are_refused(house: House, issued: events_pb2.IssuedCode) -> None:
    with pytest.raises(Refused) as refused:
        request = {"requests": [{"text": issued.text}] * 101}
        house.call("codes", "BatchCheckInspectionCodes", request, by=city.PUBLIC)
    assert refused.value.violations == {"requests": "TOO_MANY"}


def test_every_text_gets_its_verdict(house: House, issued: events_pb2.IssuedCode, shop_code: str) -> None:
    (later,) = city.issue(house, city.inspection(city.FARM), starts_on="2025-06-12")
    assert {
        "genuine": verdict(house, issued.text),
        "foreign": verdict(house, "https://example.com/x"),
        "malformed": verdict(house, "nonsense!"),
        "forged": verdict(house, forged(issued.text)),
        "unknown key": verdict(house, by_another_key(issued.text)),
        "later": verdict(house, later.text),
        "enterprise": verdict(house, shop_code),
    } == {
        "genuine": "VERDICT_AUTHENTIC",
        "foreign": "VERDICT_FOREIGN",
        "malformed": "VERDICT_MALFORMED",
        "forged": "VERDICT_FORGED",
        "unknown key": "VERDICT_UNKNOWN_KEY",
        "later": "VERDICT_NOT_YET_VALID",
        "enterprise": "VERDICT_AUTHENTIC",
    }
    house.pass_time(days=30)
    assert verdict(house, issued.text) == "VERDICT_EXPIRED"


def test_a_repeated_request_gets_the_first_answer(house: House, issued: events_pb2.IssuedCode, shop_code: str) -> None:
    request = {"text": shop_code, "code_id": issued.code_id, "request_id": "r1"}
    city.verify(house, issued.text)
    first = house.call("codes", "ScanEnterpriseCode", request, by=city.INSPECTOR)
    assert house.call("codes", "ScanEnterpriseCode", request, by=city.INSPECTOR) == first
    assert len(house.announced("codes", events_pb2.VisitVerified)) == 1
