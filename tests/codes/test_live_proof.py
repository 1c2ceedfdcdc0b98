"""A presented code shows that it is on the inspector's screen now; a picture of it does not serve."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from liangma.codes.v1 import codes_pb2, events_pb2

from services.chassis.errors import Refusal
from services.codes.cose import QR_ALPHANUMERIC
from services.codes.model import live
from services.codes.model.live import PresentationForged, PresentationStale
from services.codes.office import office
from tests.codes import city
from tests.support.house import House, Refused, houses

house = houses("codes")
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/lm-live-1/proofs.json").read_text(encoding="utf-8"))
SECRET = live.secret_of(b"\1" * 32, "01975234-0000-7000-8000-000000000001")
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)


@pytest.fixture
def issued(house: House) -> events_pb2.IssuedCode:
    city.settle_in(house)
    return city.issue(house)[0]


def present(house: House, code_id: str) -> Any:
    return house.call("codes", "PresentCode", {"code_id": code_id}, by=city.INSPECTOR)


def refusal(house: House, text: str) -> Refused:
    with pytest.raises(Refused) as caught:
        city.verify_static(house, text)
    return caught.value


def test_what_the_screen_shows_now_serves_the_visit(house: House, issued: events_pb2.IssuedCode) -> None:
    shown = present(house, issued.code_id)
    assert shown.live_text.startswith(issued.text + "/")
    assert QR_ALPHANUMERIC.fullmatch(shown.live_text)
    assert shown.live_until.ToDatetime(UTC) > house.now
    assert city.verify_static(house, shown.live_text).visit.state == codes_pb2.VISIT_STATE_PENDING


def test_the_screen_goes_on_without_a_network(house: House, issued: events_pb2.IssuedCode) -> None:
    secret = base64.b32decode(present(house, issued.code_id).live_secret)
    house.pass_time(hours=2)
    city.verify_static(house, f"{issued.text}/{live.proof_at(secret, house.now)}")


def test_a_screenshot_is_refused_and_says_from_when_it_is(house: House, issued: events_pb2.IssuedCode) -> None:
    shown = present(house, issued.code_id)
    house.pass_time(minutes=2)
    told = refusal(house, shown.live_text)
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PRESENTATION_STALE")
    assert told.metadata["shown_at"] == "2025-06-09 09:00:00"
    answer = house.call("codes", "CheckInspectionCode", {"text": shown.live_text}, by=city.PUBLIC)
    assert answer.verdict == codes_pb2.VERDICT_STALE


def test_the_printed_code_is_good_for_checking_only(house: House, issued: events_pb2.IssuedCode) -> None:
    assert refusal(house, issued.text).reason == "PRESENTATION_NEEDED"
    answer = house.call("codes", "CheckInspectionCode", {"text": issued.text}, by=city.PUBLIC)
    assert answer.verdict == codes_pb2.VERDICT_AUTHENTIC


def test_a_platform_may_take_printed_codes(
    house: House, issued: events_pb2.IssuedCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office(house.runtimes["codes"]).settings, "live_proof", "optional")
    assert city.verify_static(house, issued.text).code_id == issued.code_id


def test_the_proof_of_one_code_is_not_another_s(house: House, issued: events_pb2.IssuedCode) -> None:
    (other,) = city.issue(house, city.inspection(city.FARM))
    borrowed = present(house, other.code_id).live_text.rpartition("/")[2]
    assert refusal(house, f"{issued.text}/{borrowed}").violations == {"text": "PRESENTATION_FORGED"}
    assert refusal(house, f"{issued.text}/{'A' * 24}").violations == {"text": "PRESENTATION_FORGED"}


@given(st.integers(-400, 400))
def test_a_proof_is_taken_while_it_is_shown_and_a_little_around_and_at_no_other_time(seconds: int) -> None:
    proof = live.proof_at(SECRET, NOW)
    at = NOW + timedelta(seconds=seconds)
    if -live.AHEAD * live.STEP <= seconds < (live.STALE_AFTER + 1) * live.STEP:
        live.check(SECRET, proof, at)
    else:
        with pytest.raises(PresentationStale):
            live.check(SECRET, proof, at)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=24, max_size=24))
def test_no_other_text_is_a_proof(text: str) -> None:
    with pytest.raises(PresentationForged):
        live.check(SECRET, text, NOW)


@given(st.binary(min_size=60, max_size=200), st.booleans())
def test_what_is_shown_is_split_into_what_was_signed_and_the_proof(data: bytes, is_whole: bool) -> None:
    body = base64.b32encode(data).decode().rstrip("=")
    text = f"HTTPS://LIANGMA.EXAMPLE.CN/V/{body}" if is_whole else body
    proof = live.proof_at(SECRET, NOW)
    assert live.split(text) == (text, "")
    assert live.split(f"{text}/{proof}") == (text, proof)


@given(st.text(max_size=80))
def test_splitting_loses_nothing(text: str) -> None:
    static, proof = live.split(text)
    assert (static if not proof else f"{static}/{proof}") in (text, text.strip())


def test_a_malformed_proof_is_a_refusal() -> None:
    for proof in ("1" * 24, "", "A", "é" * 24):
        with pytest.raises(Refusal):
            live.check(SECRET, proof, NOW)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["at"])
def test_the_vectors_are_shown_as_they_say(case: dict[str, Any]) -> None:
    secret = live.secret_of(bytes.fromhex(VECTORS["platform_secret"]), case["code_id"])
    assert secret.hex() == case["secret"]
    assert live.proof_at(secret, datetime.fromisoformat(case["at"])) == case["proof"]
