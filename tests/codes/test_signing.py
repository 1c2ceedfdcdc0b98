"""LM-CODE-1: what is signed is read back as it was; nothing else is ever taken for genuine; nothing crashes it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.chassis.errors import Refusal
from services.codes import cose, key_file
from services.codes.cose import (
    Ed25519Signer,
    Ed25519Verifier,
    ForeignCode,
    ForgedCode,
    KeyBook,
    MalformedCode,
    UnknownKey,
)
from services.codes.model.content import KINDS, CodeExpired, CodeNotYetValid, Content
from services.codes.signing import decode_and_verify, encode

VECTORS = Path(__file__).parents[1] / "vectors" / "lm-code-1"
HOST = "LIANGMA.EXAMPLE.CN"
SIGNER = Ed25519Signer(b"\x01" * 32)
BOOK = KeyBook(frozenset({HOST}), (Ed25519Verifier(SIGNER.public),))
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
CONTENT = Content(
    code_id="01975234-0000-7000-8000-000000000001",
    kind="JOINT",
    status_index=70_000,
    valid_from=NOW - timedelta(days=1),
    valid_to=NOW + timedelta(days=1),
    object_id="91500105MACDMPYK94",
    task_number="渝司专查〔2025〕27号",
    authorities=("11500000009275787B", "11500000009275788C"),
    matters=("330631004000",),
    certificates=("50010012345", "50010012346", "50020012345", "50020012346"),
)
TEXT = encode(CONTENT, SIGNER, HOST)
BODY = TEXT.rpartition("/")[2]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
instants = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
contents = st.builds(
    Content,
    code_id=st.uuids().map(str),
    kind=st.sampled_from(KINDS),
    status_index=st.integers(0, 2**40),
    valid_from=instants,
    valid_to=instants,
    object_id=words,
    task_number=words,
    authorities=st.lists(words, max_size=4).map(tuple),
    matters=st.lists(words, max_size=6).map(tuple),
    certificates=st.lists(words, max_size=8).map(tuple),
)


def pack(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def unpack(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


@given(contents)
def test_what_is_signed_is_read_back(content: Content) -> None:
    text = encode(content, SIGNER, HOST)
    assert cose.QR_ALPHANUMERIC.fullmatch(text)
    assert replace(decode_and_verify(text, BOOK), key_id="") == content


@pytest.mark.parametrize("text", [TEXT, BODY, f"/V/{BODY}", TEXT.lower(), BODY.lower(), f"  {TEXT}\n"])
def test_a_text_is_read_whole_or_after_the_path_in_any_case(text: str) -> None:
    assert decode_and_verify(text, BOOK, NOW).code_id == CONTENT.code_id


@settings(max_examples=500)
@given(st.data())
def test_no_changed_byte_passes(data: st.DataObject) -> None:
    raw = bytearray(unpack(BODY))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((MalformedCode, UnknownKey, ForgedCode)):
        decode_and_verify(pack(bytes(raw)), BOOK)


@settings(max_examples=300)
@given(st.integers(0, len(BODY) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_no_changed_character_passes(place: int, character: str) -> None:
    changed = BODY[:place] + character + BODY[place + 1 :]
    if changed == BODY:
        return
    with pytest.raises((MalformedCode, UnknownKey, ForgedCode)):
        decode_and_verify(changed, BOOK)


@given(st.integers(0, len(BODY) - 1))
def test_no_shortened_text_passes(length: int) -> None:
    with pytest.raises((MalformedCode, UnknownKey, ForgedCode)):
        decode_and_verify(BODY[:length], BOOK)


@settings(max_examples=500)
@given(
    st.text(max_size=5000)
    | st.binary(max_size=600).map(pack)
    | st.binary(max_size=400).map(lambda b: pack(b"\xd2\x84" + b))
)
@example("")
@example("HTTPS://")
@example(f"HTTPS://{HOST}/V/")
@example(f"HTTPS://{HOST}/V/" + "A" * 5000)
@example("ß" * 20)
def test_no_text_crashes_it_or_passes(text: str) -> None:
    with pytest.raises((ForeignCode, MalformedCode, UnknownKey, ForgedCode)) as caught:
        decode_and_verify(text, BOOK)
    assert caught.value.zh
    assert caught.value.violations[0].field == "text"


@given(st.binary(max_size=300))
def test_a_genuine_signature_over_nonsense_does_not_crash_it(payload: bytes) -> None:
    protected = cose.protected_header(SIGNER.algorithm, SIGNER.key_id)
    signature = SIGNER.sign(cbor2.dumps(["Signature1", protected, b"LM-CODE-1", payload]))
    with pytest.raises(MalformedCode):
        decode_and_verify(pack(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))), BOOK)


def resigned(change: Any) -> str:
    """A code whose envelope was bent and signed by our own key again."""
    protected = cose.protected_header(SIGNER.algorithm, SIGNER.key_id)
    payload = cbor2.dumps({1: 1}, canonical=True)
    parts = change(protected, payload, SIGNER.sign(cbor2.dumps(["Signature1", protected, b"", payload])))
    return pack(cbor2.dumps(parts))


@pytest.mark.parametrize(
    "change",
    [
        lambda p, c, s: [p, {}, c, s],  # without the tag
        lambda p, c, s: cbor2.CBORTag(17, [p, {}, c, s]),
        lambda p, c, s: cbor2.CBORTag(18, [p, {4: b"x"}, c, s]),  # something in the unprotected header
        lambda p, c, s: cbor2.CBORTag(18, [p, {}, c, s, b""]),
        lambda p, c, s: cbor2.CBORTag(18, [p, {}, None, s]),
        lambda p, c, s: cbor2.CBORTag(18, [cbor2.loads(p), {}, c, s]),
    ],
)
def test_an_envelope_of_another_shape_is_malformed(change: Any) -> None:
    with pytest.raises(MalformedCode):
        decode_and_verify(resigned(change), BOOK)


def test_a_signature_made_for_another_purpose_is_forged() -> None:
    """COSE without LM-CODE-1 as external data, e.g. that of a status list."""
    with pytest.raises(ForgedCode):
        decode_and_verify(resigned(lambda p, c, s: cbor2.CBORTag(18, [p, {}, c, s])), BOOK)


def test_stray_bits_in_the_last_character_are_malformed() -> None:
    code = next(
        t
        for t in (encode(replace(CONTENT, task_number="A" * n), SIGNER, HOST) for n in range(5))
        if len(t.rpartition("/")[2]) % 8
    )
    body = code.rpartition("/")[2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    twin = body[:-1] + alphabet[alphabet.index(body[-1]) ^ 1]
    with pytest.raises(MalformedCode):
        decode_and_verify(twin, BOOK)


@pytest.mark.parametrize(
    "text",
    [
        f"HTTP://{HOST}/V/{BODY}",
        f"HTTPS://EVIL.{HOST}/V/{BODY}",
        f"HTTPS://{HOST}.EVIL.CN/V/{BODY}",
        f"HTTPS://{HOST}@EVIL.CN/V/{BODY}",
        f"HTTPS://{HOST}:8443/V/{BODY}",
        f"HTTPS://{HOST}/W/{BODY}",
        f"HTTPS://{HOST}",
        "weixin://dl/business",
        "https://пример.рф/V/A",
    ],
)
def test_another_address_is_foreign(text: str) -> None:
    with pytest.raises(ForeignCode):
        decode_and_verify(text, BOOK)


def test_another_key_is_unknown_and_named() -> None:
    other = Ed25519Signer(b"\x02" * 32)
    with pytest.raises(UnknownKey) as caught:
        decode_and_verify(encode(CONTENT, other, HOST), BOOK)
    assert caught.value.metadata == {"key_id": cose.key_name(other.key_id)}


class Awkward(Ed25519Signer):
    """A key whose id looks like the end of a header."""

    def __init__(self) -> None:
        super().__init__(b"\x04" * 32)
        self.key_id = b"\x04\x45\x04\x45\x04"


def test_any_unknown_key_id_is_named() -> None:
    with pytest.raises(UnknownKey) as caught:
        decode_and_verify(encode(CONTENT, Awkward(), HOST), BOOK)
    assert caught.value.metadata == {"key_id": "ARCQIRIE"}


def test_a_code_is_good_from_its_first_instant_until_before_its_last() -> None:
    decode_and_verify(TEXT, BOOK, CONTENT.valid_from)
    decode_and_verify(TEXT, BOOK, CONTENT.valid_to - timedelta(seconds=1))
    with pytest.raises(CodeNotYetValid):
        decode_and_verify(TEXT, BOOK, CONTENT.valid_from - timedelta(seconds=1))
    with pytest.raises(CodeExpired):
        decode_and_verify(TEXT, BOOK, CONTENT.valid_to)


def test_the_published_file_makes_the_same_book() -> None:
    published = {
        "spec": "LM-CODE-1",
        "hosts": [HOST.lower()],
        "keys": [
            key_file.EDDSA.jwk(SIGNER.public, "current"),
            {"kty": "EC", "crv": "P-256", "kid": "AAAAAAAA", "status": "next"},
        ],
    }
    assert decode_and_verify(TEXT, key_file.key_book(json.loads(json.dumps(published)))).code_id == CONTENT.code_id
    with pytest.raises(ValueError, match="LM-CODE-1"):
        key_file.key_book({"keys": []})


class Toy:
    """Another algorithm in the place of EdDSA."""

    algorithm = -65_537
    key_id = b"toy!!"

    def sign(self, message: bytes) -> bytes:
        return bytes([sum(message) % 256]) * 64

    def verify(self, message: bytes, signature: bytes) -> bool:
        return self.sign(message) == signature


def test_another_algorithm_takes_its_place() -> None:
    toy = Toy()
    book = KeyBook(frozenset({HOST}), (toy, *BOOK.verifiers))
    assert decode_and_verify(encode(CONTENT, toy, HOST), book).key_id == cose.key_name(b"toy!!")
    assert decode_and_verify(TEXT, book).code_id == CONTENT.code_id


VECTOR_FILES = sorted(VECTORS.glob("*.json"))


def test_there_are_vectors() -> None:
    assert len(VECTOR_FILES) >= 3


def vectors() -> list[Any]:
    return [
        pytest.param(keys["keys"], case, id=case["name"])
        for keys in (json.loads(file.read_text(encoding="utf-8")) for file in VECTOR_FILES)
        for case in keys["cases"]
    ]


@pytest.mark.parametrize(("keys", "case"), vectors())
def test_the_vectors_hold(keys: dict[str, Any], case: dict[str, Any]) -> None:
    if any(key["crv"] == "SM2" for key in keys["keys"]):
        pytest.importorskip("gmalg")
    book, now = key_file.key_book(keys), datetime.fromisoformat(case["now"])
    if case["verdict"] != "AUTHENTIC":
        with pytest.raises(Refusal) as caught:
            decode_and_verify(case["text"], book, now)
        assert caught.value.reason == case["verdict"]
        return
    content = decode_and_verify(case["text"], book, now)
    said = case["content"]
    assert content == Content(
        **said
        | {key: tuple(said[key]) for key in ("authorities", "matters", "certificates")}
        | {key: datetime.fromisoformat(said[key]) for key in ("valid_from", "valid_to")}
    )
    if "secret" in case:
        assert encode(content, Ed25519Signer(bytes.fromhex(case["secret"])), case["host"]) == case["text"]
