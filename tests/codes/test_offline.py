"""Where there is no network both sides' devices sign what they scan; later it is taken in, in order, each once."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from liangma.codes.v1 import codes_pb2, devices_pb2, events_pb2

from services.chassis.errors import Refusal
from services.chassis.identity import Principal
from services.codes import scan
from services.codes.cose import Ed25519Signer
from services.codes.model import live
from services.codes.model.device import Scan
from tests.codes import city
from tests.codes.test_visits import except_
from tests.support.house import House, Refused, houses

house = houses("codes")
Outcome = devices_pb2.ScanOutcome


class Phone:
    """A device with its key and its record, as an app would keep it."""

    def __init__(self, house: House, owner: Principal, secret: bytes) -> None:
        self.signer = Ed25519Signer(secret)
        self.owner, self.house = owner, house
        self.sequence, self.previous = 0, b""
        proof = self.signer.sign(b"LM-DEVICE-1\0" + owner.subject.encode())
        request = devices_pb2.RegisterDeviceRequest(public_key=self.signer.public, proof=proof, name="手机")
        self.id = house.call("codes", "RegisterDevice", request, by=owner).device_id

    def sign(self, text: str, at: datetime, code_id: str = "") -> bytes:
        """The next statement on the record."""
        self.sequence += 1
        said = Scan(sequence=self.sequence, previous=self.previous, text=text, code_id=code_id, at=at)
        statement = scan.encode(said, self.signer)
        self.previous = sha256(statement).digest()
        return statement


@pytest.fixture
def issued(house: House) -> events_pb2.IssuedCode:
    city.settle_in(house)
    return city.issue(house)[0]


@pytest.fixture
def inspector(house: House, issued: events_pb2.IssuedCode) -> Phone:
    return Phone(house, city.INSPECTOR, b"\1" * 32)


@pytest.fixture
def owner(house: House, issued: events_pb2.IssuedCode) -> Phone:
    return Phone(house, city.OWNER, b"\2" * 32)


def submit(house: House, *statements: bytes, by: Any = city.INSPECTOR) -> Sequence[devices_pb2.OfflineScan]:
    request = devices_pb2.SubmitOfflineScansRequest(statements=statements)
    scans: Sequence[devices_pb2.OfflineScan] = house.call("codes", "SubmitOfflineScans", request, by=by).scans
    return scans


def outcomes(scans: Sequence[devices_pb2.OfflineScan]) -> list[tuple[str, str]]:
    return [(Outcome.Name(one.outcome).removeprefix("SCAN_OUTCOME_"), one.reason) for one in scans]


def shown(house: House, issued: events_pb2.IssuedCode, at: datetime) -> str:
    """What the inspector's screen shows without a network, made from the kit."""
    kit = house.call("codes", "GetOfflineKit", {"valid_on": at.date().isoformat()}, by=city.INSPECTOR)
    (code,) = [one for one in kit.codes if one.code_id == issued.code_id]
    return f"{code.text}/{live.proof_at(base64.b32decode(code.live_secret), at)}"


def test_two_scans_without_a_network_make_a_verified_visit(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone, owner: Phone
) -> None:
    shop = city.enterprise_code(house)
    at = house.now + timedelta(minutes=10)
    theirs = owner.sign(shown(house, issued, at), at)
    ours = inspector.sign(shop, at + timedelta(minutes=1), issued.code_id)
    house.pass_time(hours=9)
    scans = submit(house, ours, theirs)
    assert outcomes(scans) == [("ACCEPTED", ""), ("ACCEPTED", "")]
    visit = scans[1].visit
    assert (visit.state, visit.offline) == (codes_pb2.VISIT_STATE_VERIFIED, True)
    (fact,) = house.announced("codes", events_pb2.VisitVerified)
    assert fact.verified_at == "2025-06-09T01:11:00Z"
    told = house.call("codes", "CheckReceipt", {"text": visit.receipt}, by=city.PUBLIC)
    assert told.receipt.verified_at.seconds == int(at.timestamp()) + 60


def test_one_side_offline_and_the_other_online_verify_too(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone
) -> None:
    ours = inspector.sign(city.enterprise_code(house), house.now, issued.code_id)
    city.verify(house, issued.text)
    (taken,) = submit(house, ours)
    assert taken.visit.state == codes_pb2.VISIT_STATE_VERIFIED


def test_a_statement_is_taken_once_however_often_it_comes(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone, owner: Phone
) -> None:
    ours = inspector.sign(city.enterprise_code(house), house.now, issued.code_id)
    theirs = owner.sign(shown(house, issued, house.now), house.now)
    assert outcomes(submit(house, ours, theirs, ours)) == [("ACCEPTED", "")] * 3
    assert outcomes(submit(house, theirs, by=city.OWNER)) == [("ACCEPTED", "")]
    assert len(house.announced("codes", events_pb2.VisitVerified)) == 1


def test_a_gap_is_not_taken_and_says_what_is_next(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone
) -> None:
    shop = city.enterprise_code(house)
    first, second = (inspector.sign(shop, house.now, issued.code_id) for _ in range(2))
    (early,) = submit(house, second)
    assert outcomes([early]) == [("NOT_TAKEN", "OUT_OF_ORDER")]
    assert "应为第 1 条" in early.message_zh
    assert outcomes(submit(house, first, second)) == [("ACCEPTED", ""), ("ACCEPTED", "")]


def test_a_record_that_was_changed_does_not_continue(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone
) -> None:
    shop = city.enterprise_code(house)
    first = inspector.sign(shop, house.now, issued.code_id)
    assert outcomes(submit(house, first)) == [("ACCEPTED", "")]
    inspector.sequence, inspector.previous = 0, b""
    other_first = inspector.sign(shop, house.now + timedelta(seconds=1), issued.code_id)
    follows_other = inspector.sign(shop, house.now, issued.code_id)
    assert outcomes(submit(house, other_first, follows_other)) == [("NOT_TAKEN", "CHAIN_BROKEN")] * 2


def test_a_refused_scan_is_on_record_and_the_next_one_goes_on(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone
) -> None:
    farm = city.enterprise_code(house, city.FARMER)
    wrong = inspector.sign(farm, house.now, issued.code_id)
    nameless = inspector.sign(city.enterprise_code(house), house.now)
    right = inspector.sign(city.enterprise_code(house), house.now, issued.code_id)
    expected = [("REFUSED", "WRONG_ENTERPRISE"), ("REFUSED", "VISIT_NOT_NAMED")]
    assert outcomes(submit(house, wrong, nameless))[:1] == expected[:1]
    # the enterprise code of before was replaced by the one that `right` holds
    assert outcomes(submit(house, wrong, right)) == [("REFUSED", "WRONG_ENTERPRISE"), ("ACCEPTED", "")]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (lambda now: now + timedelta(minutes=5), "SCAN_OF_THE_FUTURE"),
        (lambda now: now - timedelta(days=8), "SCAN_TOO_OLD"),
        (lambda now: now - timedelta(days=2), "SCAN_BEFORE_REGISTRATION"),
    ],
)
def test_a_scan_of_a_time_that_cannot_be_is_refused(
    house: House,
    issued: events_pb2.IssuedCode,
    inspector: Phone,
    when: Callable[[datetime], datetime],
    reason: str,
) -> None:
    statement = inspector.sign(city.enterprise_code(house), when(house.now), issued.code_id)
    assert outcomes(submit(house, statement)) == [("REFUSED", reason)]


def test_the_screen_is_judged_at_the_time_of_the_scan(
    house: House, issued: events_pb2.IssuedCode, owner: Phone
) -> None:
    at = house.now
    screenshot = owner.sign(shown(house, issued, at), at + timedelta(minutes=5))
    printed = owner.sign(issued.text, at)
    house.pass_time(minutes=30)
    assert outcomes(submit(house, screenshot, printed)) == [
        ("REFUSED", "PRESENTATION_STALE"),
        ("REFUSED", "PRESENTATION_NEEDED"),
    ]


def test_a_code_that_had_not_begun_and_one_whose_visit_was_excepted_are_refused(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone
) -> None:
    (later,) = city.issue(house, starts_on="2025-06-10")
    shop = city.enterprise_code(house)
    early = inspector.sign(shop, house.now, later.code_id)
    except_(house, issued)
    after = inspector.sign(shop, house.now, issued.code_id)
    assert outcomes(submit(house, early, after)) == [
        ("REFUSED", "CODE_NOT_YET_VALID"),
        ("REFUSED", "VISIT_EXCEPTED_ALREADY"),
    ]


def test_an_enterprise_signs_for_itself_only(house: House, issued: events_pb2.IssuedCode) -> None:
    farmer = Phone(house, city.FARMER, b"\3" * 32)
    statement = farmer.sign(shown(house, issued, house.now), house.now)
    assert outcomes(submit(house, statement)) == [("REFUSED", "NOT_THE_OBJECT")]


def test_a_delegate_signs_as_long_as_the_binding_holds(house: House, issued: events_pb2.IssuedCode) -> None:
    clerk = Phone(house, city.CLERK, b"\4" * 32)
    before = clerk.sign(shown(house, issued, house.now), house.now)
    assert outcomes(submit(house, before)) == [("REFUSED", "NOT_THE_OBJECT")]
    house.call("codes", "BindAccount", {}, by=city.OWNER)
    house.call("codes", "DelegateAccount", {"subject": "clerk", "name": "店员"}, by=city.OWNER)
    bound = clerk.sign(shown(house, issued, house.now), house.now)
    assert outcomes(submit(house, bound)) == [("ACCEPTED", "")]


def test_only_registered_devices_in_use_are_heard(
    house: House, issued: events_pb2.IssuedCode, inspector: Phone
) -> None:
    shop = city.enterprise_code(house)
    statement = inspector.sign(shop, house.now, issued.code_id)
    stranger = scan.encode(
        Scan(sequence=1, previous=b"", text=shop, code_id=issued.code_id, at=house.now), Ed25519Signer(bytes([9]) * 32)
    )
    forged = statement[:-1] + bytes([statement[-1] ^ 1])
    assert outcomes(submit(house, stranger, forged, b"nonsense", b"\0" * 9000)) == [
        ("NOT_TAKEN", "UNKNOWN_DEVICE"),
        ("NOT_TAKEN", "FORGED_CODE"),
        ("NOT_TAKEN", "MALFORMED_CODE"),
        ("NOT_TAKEN", "MALFORMED_CODE"),
    ]
    house.call("codes", "RetireDevice", {"device_id": inspector.id, "reason": "遗失"}, by=city.INSPECTOR)
    assert outcomes(submit(house, statement)) == [("NOT_TAKEN", "DEVICE_RETIRED")]


def test_too_many_statements_at_once_are_refused(house: House, inspector: Phone) -> None:
    with pytest.raises(Refused) as caught:
        submit(house, *[b"x"] * 101)
    assert caught.value.violations == {"statements": "TOO_MANY"}


def test_a_device_is_registered_with_proof_of_its_key_and_once(house: House, inspector: Phone) -> None:
    signer = Ed25519Signer(b"\7" * 32)

    def register(**changes: Any) -> Any:
        proof = signer.sign(b"LM-DEVICE-1\0boss")
        given = {"public_key": signer.public, "proof": proof, "name": "陈老板的手机"} | changes
        return house.call("codes", "RegisterDevice", devices_pb2.RegisterDeviceRequest(**given), by=city.OWNER)

    for changes, field in (
        ({"public_key": b"\1" * 31}, "public_key"),
        ({"proof": signer.sign(b"LM-DEVICE-1\0li")}, "proof"),
    ):
        with pytest.raises(Refused) as caught:
            register(**changes)
        assert caught.value.violations == {field: field.upper()}
    device = register()
    assert (device.role, device.subject, device.last_sequence) == (devices_pb2.DEVICE_ROLE_ENTERPRISE, "boss", 0)
    with pytest.raises(Refused) as caught:
        register()
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.ALREADY_EXISTS, "DEVICE_KNOWN")


def test_devices_are_listed_and_retired_by_their_owner_and_who_oversees(
    house: House, inspector: Phone, owner: Phone
) -> None:
    def listed(by: Principal, subject: str = "") -> list[str]:
        devices = house.call("codes", "ListDevices", {"subject": subject}, by=by).devices
        return [device.device_id for device in devices]

    assert (listed(city.OWNER), listed(city.SUPERVISOR, "li")) == ([owner.id], [inspector.id])
    with pytest.raises(Refused) as caught:
        listed(city.OWNER, "li")
    assert caught.value.reason == "NOT_YOUR_DEVICE"
    request = {"device_id": owner.id, "reason": "遗失"}
    with pytest.raises(Refused) as caught:
        house.call("codes", "RetireDevice", request, by=city.FARMER)
    assert caught.value.reason == "NOT_YOUR_DEVICE"
    assert house.call("codes", "RetireDevice", request, by=city.SUPERVISOR).retirement_reason == "遗失"
    with pytest.raises(Refused) as caught:
        house.call("codes", "RetireDevice", request, by=city.OWNER)
    assert caught.value.reason == "DEVICE_RETIRED"


def test_the_kit_holds_the_inspectors_codes_of_the_day_and_no_others(
    house: House, issued: events_pb2.IssuedCode
) -> None:
    def kit(by: Principal, day: str = "") -> list[str]:
        codes = house.call("codes", "GetOfflineKit", {"valid_on": day}, by=by).codes
        assert all(len(code.live_secret) == 32 for code in codes)
        return [code.code_id for code in codes]

    assert kit(city.INSPECTOR) == [issued.code_id]
    assert kit(city.INSPECTOR, "2025-08-01") == []
    assert kit(city.STRANGER) == []
    house.announce(city.inspectors((city.TEAM[0], "李雷", city.JUSTICE, "2025-06-08"), version=2))
    with pytest.raises(Refused) as caught:
        kit(city.INSPECTOR)
    assert caught.value.reason == "CERTIFICATE_NOT_VALID"


SIGNER = Ed25519Signer(b"\5" * 32)
SAID = Scan(
    sequence=3,
    previous=b"\1" * 32,
    text="HTTPS://LIANGMA.EXAMPLE.CN/V/ABC",
    code_id="01975234-5f00-7abc-8def-0123456789ab",
    at=datetime.fromisoformat("2025-06-10T02:00:00+00:00"),
)


@given(
    st.integers(1, 2**53 - 1), st.sampled_from([b"", b"\2" * 32]), st.text(max_size=200), st.integers(1, 4_000_000_000)
)
def test_what_is_signed_is_read_back(sequence: int, previous: bytes, text: str, seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, SAID.at.tzinfo)
    said = replace(SAID, sequence=sequence, previous=previous, text=text, at=at)
    assert scan.decode_and_verify(scan.encode(said, SIGNER), SIGNER.public) == said


@given(st.data())
def test_no_changed_statement_is_taken(data: st.DataObject) -> None:
    statement = bytearray(scan.encode(SAID, SIGNER))
    place = data.draw(st.integers(0, len(statement) - 1))
    statement[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Refusal):
        scan.decode_and_verify(bytes(statement), SIGNER.public)


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    assert scan.peek(data) == ""
    with pytest.raises(Refusal):
        scan.decode_and_verify(data, SIGNER.public)
