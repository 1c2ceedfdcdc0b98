"""SM2 takes the place of EdDSA: by the standard's own example, in codes, and from one algorithm to the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liangma.codes.v1 import codes_pb2, keys_pb2

from services.chassis.settings import BadSettings
from services.codes import cose, key_file, signing, status_list
from services.codes.cose import ForgedCode, KeyBook, UnknownKey
from services.codes.model.content import CodeRevoked
from services.codes.office import _office
from services.codes.settings import codes_settings
from services.codes.sm2 import IDENTITY, ORDER, SM2_SM3, Sm2Missing, Sm2Signer, Sm2Verifier, new_secret
from services.codes.status_list import BadStatusList
from services.codes.verify import verify_code
from tests.codes import city
from tests.codes.test_signing import CONTENT, HOST
from tests.support.house import House, houses

gmalg = pytest.importorskip("gmalg", reason="the extra `sm2` is not installed")

SECRET = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
PUBLIC = bytes.fromhex(
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
SIGNER, VERIFIER = Sm2Signer(SECRET), Sm2Verifier(PUBLIC)
BOOK = KeyBook(frozenset({HOST}), (VERIFIER,))
TEXT = signing.encode(CONTENT, SIGNER, HOST)


def test_the_example_of_the_standard_holds() -> None:
    """GM/T 0003.5, annex A.2: key, identifier and signature of `message digest`."""
    assert SIGNER.public == PUBLIC
    assert VERIFIER.verify(b"message digest", SIGNATURE)
    assert not VERIFIER.verify(b"message digesT", SIGNATURE)


def test_the_same_random_number_gives_the_signature_of_the_standard() -> None:
    nonce = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    signer = Sm2Signer(SECRET)
    signer._key = gmalg.SM2(SECRET, IDENTITY, b"\x04" + PUBLIC, rnd_fn=lambda _: nonce)
    assert signer.sign(b"message digest") == SIGNATURE


def test_a_short_half_of_a_signature_is_filled_up() -> None:
    """The library writes numbers in as few bytes as they need."""
    signer = Sm2Signer(SECRET)
    signer._key = type("Short", (), {"sign": lambda self, message: (b"\x01", b"\x02\x03")})()
    assert signer.sign(b"") == bytes(31) + b"\x01" + bytes(30) + b"\x02\x03"


@settings(max_examples=10, deadline=None)
@given(st.binary(max_size=400))
def test_what_is_signed_is_found_genuine_and_nothing_else(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == 64
    assert VERIFIER.verify(message, signature)
    assert not VERIFIER.verify(message + b"\0", signature)


@pytest.mark.parametrize(
    "signature",
    [b"", bytes(64), SIGNATURE[:-1], SIGNATURE + b"\0", b"\xff" * 64, SIGNATURE[32:] + SIGNATURE[:32]],
)
def test_a_signature_of_another_form_is_wrong_and_crashes_nothing(signature: bytes) -> None:
    assert not VERIFIER.verify(b"message digest", signature)


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32, (ORDER - 1).to_bytes(32), b"\x01" * 31])
def test_what_is_no_private_key_signs_nothing(secret: bytes) -> None:
    with pytest.raises(ValueError, match="private key"):
        Sm2Signer(secret)


@pytest.mark.parametrize("public", [PUBLIC[:-1] + b"\0", PUBLIC[:32], bytes(64), b"\xff" * 64])
def test_a_point_off_the_curve_is_no_key(public: bytes) -> None:
    with pytest.raises(ValueError, match="public key"):
        Sm2Verifier(public)


def test_fresh_keys_are_keys() -> None:
    made = {new_secret() for _ in range(5)}
    assert len({Sm2Signer(secret).public for secret in made}) == 5


def test_a_code_signed_with_sm2_is_read_and_names_its_algorithm() -> None:
    assert signing.decode_and_verify(TEXT, BOOK).code_id == CONTENT.code_id
    protected = cbor2.loads(cose.from_base32(TEXT.rpartition("/")[2])).value[0]
    assert cbor2.loads(protected) == {1: SM2_SM3, 4: VERIFIER.key_id}
    assert SM2_SM3 < -65536  # the range that COSE leaves for private use


def test_a_changed_code_is_forged() -> None:
    raw = bytearray(cose.from_base32(TEXT.rpartition("/")[2]))
    raw[-40] ^= 1
    with pytest.raises(ForgedCode):
        signing.decode_and_verify(cose.to_base32(bytes(raw)), BOOK)


def test_a_key_without_its_library_is_left_out_of_the_book_and_told_to_who_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published = key_file.key_file([HOST], [key_file.SM2.jwk(PUBLIC, "current")])
    assert len(key_file.key_book(published).verifiers) == 1
    monkeypatch.setitem(sys.modules, "gmalg", None)
    with pytest.raises(UnknownKey):
        signing.decode_and_verify(TEXT, key_file.key_book(published))
    with pytest.raises(Sm2Missing, match=r"liangma\[sm2\]"):
        Sm2Verifier(PUBLIC)


def test_choosing_sm2_without_its_library_is_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGMA_CODES_ALGORITHM", "SM2")
    assert codes_settings().algorithm == "SM2"
    monkeypatch.setattr("services.codes.sm2.find_spec", lambda _: None)
    with pytest.raises(BadSettings, match="sm2"):
        codes_settings()
    monkeypatch.setenv("LIANGMA_CODES_ALGORITHM", "RSA")
    with pytest.raises(BadSettings, match="ALGORITHM"):
        codes_settings()


house = houses("codes")


@pytest.fixture
def restarted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Starts the service's processes afresh with another algorithm for new keys."""

    def restart(algorithm: str) -> None:
        monkeypatch.setenv("LIANGMA_CODES_ALGORITHM", algorithm)
        _office.cache_clear()

    yield restart
    _office.cache_clear()


def test_the_algorithm_changes_while_codes_go_on_being_issued_and_verified(
    house: House, restarted: Callable[[str], None]
) -> None:
    city.settle_in(house)
    (old,) = city.issue(house)
    restarted("SM2")
    (still,) = city.issue(house)  # the setting alone changes no key that is there
    assert rotate(house) == ["RETIRED EdDSA", "CURRENT EdDSA", "NEXT SM2"]
    copied = published(house)  # a reader takes its copy while the new key is not in use yet
    (between,) = city.issue(house, city.inspection(city.FARM))
    assert rotate(house) == ["RETIRED EdDSA", "RETIRED EdDSA", "CURRENT SM2", "NEXT SM2"]
    (new,) = city.issue(house)
    book = key_file.key_book(copied)
    assert [algorithm_of(code.text) for code in (old, still, between, new)] == [-8, -8, -8, SM2_SM3]
    for code in (old, still, between, new):
        assert signing.decode_and_verify(code.text, book).code_id == code.code_id
    checked = house.call("codes", "CheckInspectionCode", {"text": new.text}, by=city.PUBLIC)
    assert checked.verdict == codes_pb2.VERDICT_AUTHENTIC
    assert city.verify(house, old.text).code_id == old.code_id
    assert city.verify(house, between.text, by=city.FARMER).code_id == between.code_id


def test_it_changes_back_as_well(house: House, restarted: Callable[[str], None]) -> None:
    restarted("SM2")
    assert rotate(house) == ["RETIRED SM2", "CURRENT SM2", "NEXT SM2"]
    restarted("EdDSA")
    assert rotate(house) == ["RETIRED SM2", "RETIRED SM2", "CURRENT SM2", "NEXT EdDSA"]
    assert rotate(house)[-2:] == ["CURRENT EdDSA", "NEXT EdDSA"]


def test_status_lists_and_the_command_go_by_sm2_too(house: House, restarted: Callable[[str], None]) -> None:
    restarted("SM2")
    city.settle_in(house)
    (bad,) = city.issue(house)
    keys, revoked = house.directory / "keys.json", house.directory / "status.cwt"
    keys.write_text(json.dumps(published(house)))
    assert verify_code(bad.text, keys).code_id == bad.code_id
    house.call("codes", "RevokeCode", {"code_id": bad.code_id, "reason": "误发"}, by=city.MANAGER)
    revoked.write_bytes(house.call("codes", "GetStatusList", {"list_id": 0}, by=city.PUBLIC).data)
    with pytest.raises(CodeRevoked):
        verify_code(bad.text, keys, status=revoked)


def test_a_status_list_names_the_algorithm_of_its_key() -> None:
    data = status_list.encode(0, [1], SIGNER, url="https://h/v1/status-lists/0", now=NOW)
    assert status_list.decode(data, BOOK).number == 0
    posing = KeyBook(frozenset(), (Posing(),))
    with pytest.raises(BadStatusList):
        status_list.decode(data, posing)


class Posing:
    """A key of another algorithm with the same id, which finds everything right."""

    algorithm = -8
    key_id = VERIFIER.key_id

    def verify(self, message: bytes, signature: bytes) -> bool:
        return True


def rotate(house: House) -> list[str]:
    keys = house.call("codes", "RotateKeys", {"reason": "改用国密"}, by=city.ADMINISTRATOR).keys
    return [f"{keys_pb2.KeyState.Name(key.state).removeprefix('KEY_STATE_')} {key.algorithm}" for key in keys]


def published(house: House) -> Any:
    return json.loads(house.call("codes", "GetKeys", {}, by=city.PUBLIC).data)


def algorithm_of(text: str) -> int:
    protected = cbor2.loads(cose.from_base32(text.rpartition("/")[2])).value[0]
    return int(cbor2.loads(protected)[1])
