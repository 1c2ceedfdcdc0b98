"""Both sides keep a receipt of the mutual verification, and anybody can check it with the published keys."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import grpc
import pytest
from liangma.codes.v1 import codes_pb2, events_pb2

from services.chassis.errors import Refusal
from services.codes import cose, key_file, receipt, signing
from tests.codes import city
from tests.codes.test_visits import except_, forged
from tests.support.camera import seen
from tests.support.house import House, Refused, houses

house = houses("codes")
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/lm-receipt-1/receipts.json").read_text(encoding="utf-8"))


@pytest.fixture
def issued(house: House) -> events_pb2.IssuedCode:
    city.settle_in(house)
    return city.issue(house)[0]


def verified(house: House, issued: events_pb2.IssuedCode, owner: Any = city.OWNER) -> Any:
    """The visit, after both scans a minute apart."""
    city.verify(house, issued.text, by=owner)
    house.pass_time(minutes=1)
    return city.scan(house, city.enterprise_code(house, owner), issued.code_id).visit


def receipt_of(house: House, visit_id: str, by: Any) -> Any:
    return house.call("codes", "GetReceipt", {"visit_id": visit_id}, by=by)


def checked(house: House, text: str) -> Any:
    return house.call("codes", "CheckReceipt", {"text": text}, by=city.PUBLIC)


def keys(house: House) -> cose.KeyBook:
    return key_file.key_book(json.loads(house.call("codes", "GetKeys", {}, by=city.PUBLIC).data))


@pytest.mark.parametrize("reader", [city.OWNER, city.INSPECTOR, city.MANAGER, city.SUPERVISOR])
def test_both_sides_and_who_oversees_have_the_same_receipt(
    house: House, issued: events_pb2.IssuedCode, reader: Any
) -> None:
    visit = verified(house, issued)
    kept = receipt_of(house, visit.visit_id, reader)
    assert kept.text == visit.receipt
    assert (kept.object_name, list(kept.authority_names), kept.certificate) == (
        "渝北小店",
        ["重庆市司法局"],
        city.TEAM[0],
    )
    assert kept.verified_at.ToDatetime() == visit.verified_at.ToDatetime()
    assert (kept.inspector_scanned_at.seconds - kept.enterprise_scanned_at.seconds, kept.scheme) == (60, "LM-CODE-1")


def test_a_receipt_is_checked_offline_with_the_published_keys(house: House, issued: events_pb2.IssuedCode) -> None:
    visit = verified(house, issued)
    said = receipt.decode_and_verify(visit.receipt.lower(), keys(house))
    assert (said.visit_id, said.object_id, said.certificate) == (visit.visit_id, city.SHOP, city.TEAM[0])
    assert cose.QR_ALPHANUMERIC.fullmatch(visit.receipt)


def test_a_receipt_outlives_the_key_that_signed_it(house: House, issued: events_pb2.IssuedCode) -> None:
    visit = verified(house, issued)
    for _ in range(2):
        house.call("codes", "RotateKeys", {"reason": "季度轮换"}, by=city.ADMINISTRATOR)
    assert checked(house, visit.receipt).verdict == codes_pb2.VERDICT_AUTHENTIC


def test_the_picture_of_a_receipt_shows_its_text(house: House, issued: events_pb2.IssuedCode) -> None:
    visit = verified(house, issued)
    picture = house.call("codes", "GetReceiptPicture", {"visit_id": visit.visit_id}, by=city.OWNER)
    assert seen(picture.data) == visit.receipt


def test_strangers_know_of_no_receipt_and_before_both_scans_there_is_none(
    house: House, issued: events_pb2.IssuedCode
) -> None:
    pending = city.verify(house, issued.text).visit
    with pytest.raises(Refused) as early:
        receipt_of(house, pending.visit_id, city.OWNER)
    assert (early.value.code, early.value.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_VERIFIED")
    for stranger in (city.FARMER, city.STRANGER):
        with pytest.raises(Refused) as none:
            receipt_of(house, pending.visit_id, stranger)
        assert none.value.code == grpc.StatusCode.NOT_FOUND


def test_an_exception_has_no_receipt(house: House, issued: events_pb2.IssuedCode) -> None:
    visit = except_(house, issued)
    with pytest.raises(Refused) as caught:
        receipt_of(house, visit.visit_id, city.INSPECTOR)
    assert caught.value.metadata["state"] == "EXCEPTED"


def test_every_text_that_is_no_receipt_says_how_it_is_wrong(house: House, issued: events_pb2.IssuedCode) -> None:
    visit = verified(house, issued)
    answers = {
        visit.receipt: "AUTHENTIC",
        forged(visit.receipt): "FORGED",
        visit.receipt[:-9]: "MALFORMED",
        issued.text: "FOREIGN",
        "https://example.com/R/ABC": "FOREIGN",
    }
    for text, verdict in answers.items():
        answer = checked(house, text)
        assert codes_pb2.Verdict.Name(answer.verdict) == f"VERDICT_{verdict}", text
        assert answer.HasField("receipt") == (verdict == "AUTHENTIC")


def test_a_code_is_no_receipt_and_a_receipt_no_code_even_with_the_path_changed(
    house: House, issued: events_pb2.IssuedCode
) -> None:
    text, book = verified(house, issued).receipt, keys(house)
    with pytest.raises(Refusal, match="forged"):
        signing.decode_and_verify(text.replace("/R/", "/V/"), book)
    with pytest.raises(Refusal, match="forged"):
        receipt.decode_and_verify(issued.text.replace("/V/", "/R/"), book)


def test_the_public_sees_a_receipt_with_personal_data_masked(house: House) -> None:
    city.settle_in(house)
    (issued,) = city.issue(house, city.inspection(city.PERSON))
    person = city.OWNER.__class__("zhang", "张三", frozenset({"enterprise"}), object=city.PERSON)
    answer = checked(house, verified(house, issued, person).receipt).receipt
    assert (answer.object_name, answer.object_id, answer.certificate) == ("张**", "5101**********1234", "50*******45")
    assert answer.text == ""


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_vectors_are_read_as_they_say(case: dict[str, Any]) -> None:
    book = key_file.key_book(VECTORS["keys"])
    if case["verdict"] != "AUTHENTIC":
        with pytest.raises(Refusal) as caught:
            receipt.decode_and_verify(case["text"], book)
        assert [violation.rule for violation in caught.value.violations] == [case["verdict"]]  # type: ignore[attr-defined]
        return
    said = receipt.decode_and_verify(case["text"], book)
    assert json.loads(json.dumps(asdict(said), default=lambda instant: instant.isoformat())) == case["receipt"]
    assert (
        receipt.encode(said, cose.Ed25519Signer(bytes.fromhex(case["secret"])), VECTORS["keys"]["hosts"][0])
        == case["text"]
    )
