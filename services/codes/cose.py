"""Signed texts that a QR code carries: COSE_Sign1 (RFC 9052), base32 without padding, in an address of ours.

Each specification (LM-CODE-1, LM-RECEIPT-1, …) has a path of its own in the address and its name in what is signed, so
that a signature made for one never serves for another. Every character is one that QR codes keep in alphanumeric mode.

    ForeignCode       not ours: another host, another page
    MalformedCode     not a code: it does not decode
    UnknownKey        signed by a key we do not know
    ForgedCode        the signature is wrong
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Protocol

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.chassis.errors import InvalidArgument, Violation

EDDSA = -8
"""COSE algorithm number of EdDSA."""
LONGEST = 4296
"""Characters in the largest QR code there is, in alphanumeric mode."""
QR_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]*")
_BASE32 = re.compile(r"[A-Z2-7]+")
_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
"""From the alphabet of base32 to the digits of numbers in base 32."""
_COSE_SIGN1 = 0xD2  # tag 18 in one byte


@dataclass(frozen=True)
class Form:
    """A specification of signed texts.

    Args:
        spec: its name, e.g. `LM-CODE-1`; signed as external data.
        path: where its addresses lead, e.g. `/V/`.
    """

    spec: str
    path: str


class ForeignCode(InvalidArgument):
    """The code leads somewhere else."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= 80 else text[:80] + "…"
        super().__init__(
            Violation(
                "text",
                "FOREIGN_CODE",
                f"不是本平台的码（{shown}），请核对来源",
                f"not a code of this platform: {shown!r}",
            )
        )


class MalformedCode(InvalidArgument):
    """The text does not decode into a code."""

    def __init__(self, why_zh: str, why_en: str) -> None:
        super().__init__(
            Violation("text", "MALFORMED_CODE", f"码的内容无法识别：{why_zh}", f"this is not a code: {why_en}")
        )


class UnknownKey(InvalidArgument):
    """No key of this id is known."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            Violation(
                "text",
                "UNKNOWN_KEY",
                f"签名密钥 {key_id} 不在公布的密钥之列，无法确认真伪",
                f"key {key_id} is not among the published ones",
            )
        )
        self.metadata["key_id"] = key_id


class ForgedCode(InvalidArgument):
    """The signature does not fit the content."""

    def __init__(self) -> None:
        super().__init__(
            Violation(
                "text",
                "FORGED_CODE",
                "伪造或被篡改的码：签名与内容不符",
                "forged or altered: the signature does not fit the content",
            )
        )


class Signer(Protocol):
    """A key that signs; an algorithm takes its place here (EdDSA below, SM2 in `sm2`)."""

    key_id: bytes
    algorithm: int

    def sign(self, message: bytes) -> bytes:
        """The signature over a message."""
        ...


class Verifier(Protocol):
    """A key that checks."""

    key_id: bytes
    algorithm: int

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, over this message."""
        ...


class Ed25519Signer:
    """EdDSA over edwards25519 (RFC 8032).

    Args:
        secret: the 32 bytes of the private key.
    """

    algorithm = EDDSA

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


class Ed25519Verifier:
    """EdDSA over edwards25519 (RFC 8032).

    Args:
        public: the 32 bytes of the public key.
    """

    algorithm = EDDSA

    def __init__(self, public: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public)
        self.public = public
        self.key_id = key_id_of(public)

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def key_id_of(public: bytes) -> bytes:
    """Five bytes that name a public key: the first of its SHA-256."""
    return sha256(public).digest()[:5]


def key_name(key_id: bytes) -> str:
    """A key id as people and JSON write it: eight base32 characters."""
    return base64.b32encode(key_id).decode()


@dataclass(frozen=True)
class KeyBook:
    """The keys a reader trusts, and the hosts whose codes they are.

    Args:
        hosts: e.g. `LIANGMA.EXAMPLE.CN`, in capitals; a port may follow.
        verifiers: any order.
    """

    hosts: frozenset[str]
    verifiers: tuple[Verifier, ...] = field(repr=False)

    @cached_property
    def by_header(self) -> Mapping[bytes, Verifier]:
        """Each key by the one protected header that a code signed with it can have."""
        return {protected_header(key.algorithm, key.key_id): key for key in self.verifiers}


def seal(payload: bytes, signer: Signer, host: str, form: Form) -> str:
    """The text of a signed payload."""
    return f"HTTPS://{host}{form.path}{to_base32(sign_envelope(payload, signer, form))}"


def unseal(text: str, keys: KeyBook, form: Form) -> tuple[bytes, str]:
    """The payload of a genuine text, and the key that signed it.

    Args:
        text: the whole text of the picture, or only the part after the path; in any case of letters.

    Raises:
        ForeignCode: it is not of these hosts.
        MalformedCode: it does not decode.
        UnknownKey: the key is not in the book.
        ForgedCode: the signature is wrong.
    """
    return check_envelope(from_base32(after_path(text, keys.hosts, form)), keys.by_header, form)


def sign_envelope(payload: bytes, signer: Signer, form: Form) -> bytes:
    """The COSE_Sign1 of a payload."""
    protected = protected_header(signer.algorithm, signer.key_id)
    signature = signer.sign(_to_be_signed(protected, payload, form))
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def check_envelope(envelope: bytes, by_header: Mapping[bytes, Verifier], form: Form) -> tuple[bytes, str]:
    """The payload of a genuine COSE_Sign1, and the key that signed it.

    Args:
        by_header: the keys, each by the one protected header that it makes.

    Raises:
        MalformedCode, UnknownKey, ForgedCode: it is not genuine.
    """
    protected, payload, signature = _open(envelope)
    key = by_header.get(protected)
    if key is None:
        raise UnknownKey(key_name(_key_id_in(protected)))
    if not key.verify(_to_be_signed(protected, payload, form), signature):
        raise ForgedCode
    return payload, key_name(key.key_id)


def payload_of(envelope: bytes) -> bytes:
    """The payload of a COSE_Sign1; nothing is checked yet.

    Raises:
        MalformedCode: it is none.
    """
    return _open(envelope)[1]


def key_id_in_envelope(envelope: bytes) -> bytes:
    """The key id a COSE_Sign1 says it is signed with; nothing is checked yet.

    Raises:
        MalformedCode: it is none.
    """
    return _key_id_in(_open(envelope)[0])


@lru_cache(maxsize=64)
def protected_header(algorithm: int, key_id: bytes) -> bytes:
    """The protected header of a code: algorithm (1) and key id (4), nothing else."""
    return cbor2.dumps({1: algorithm, 4: key_id}, canonical=True)


def _to_be_signed(protected: bytes, payload: bytes, form: Form) -> bytes:
    """COSE's Sig_structure; the name of this specification as external data keeps other signatures apart."""
    return cbor2.dumps(["Signature1", protected, form.spec.encode(), payload])


def to_base32(data: bytes) -> str:
    """Without padding."""
    return base64.b32encode(data).decode().rstrip("=")


def after_path(text: str, hosts: Iterable[str], form: Form) -> str:
    """The base32 part of a text."""
    text = text.strip()
    if not text.isascii() or len(text) > LONGEST:
        if "://" in text[:16]:
            raise ForeignCode(text)
        raise MalformedCode("含有码中不会出现的字符，或过长", "it holds characters no code has, or is too long")
    upper = text.upper()
    if "://" not in upper:
        return upper.removeprefix(form.path)
    scheme, _, rest = upper.partition("://")
    host, slash, path = rest.partition("/")
    if scheme != "HTTPS" or host not in hosts or not (slash + path).startswith(form.path):
        raise ForeignCode(text)
    return (slash + path).removeprefix(form.path)


def from_base32(text: str) -> bytes:
    """What a text without padding stands for; one way only to write it is taken."""
    if not _BASE32.fullmatch(text) or len(text) % 8 in (1, 3, 6):
        raise MalformedCode("不是 base32 文本", "not base32 text")
    bits = int(text.translate(_DIGITS), 32)  # many times faster than base64.b32decode
    size, stray = divmod(5 * len(text), 8)
    if bits & ((1 << stray) - 1):
        raise MalformedCode("base32 末位多余", "stray bits at the end of the base32 text")
    return (bits >> stray).to_bytes(size)


def _open(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Protected header, payload and signature of a COSE_Sign1 in its one shortest form.

    Read byte by byte: nothing of what a stranger wrote is interpreted before its signature was checked.
    """
    if data[:2] != bytes((_COSE_SIGN1, 0x84)):
        raise MalformedCode("不是 COSE_Sign1", "no COSE_Sign1")
    protected, at = _byte_string(data, 2)
    if data[at : at + 1] != b"\xa0":
        raise MalformedCode("未受保护的头部应为空", "the unprotected header is not empty")
    payload, at = _byte_string(data, at + 1)
    signature, at = _byte_string(data, at)
    if at != len(data):
        raise MalformedCode("末尾有多余内容", "bytes after the end")
    return protected, payload, signature


def _byte_string(data: bytes, at: int) -> tuple[bytes, int]:
    """The CBOR byte string that begins at a place, and where it ends."""
    head = data[at : at + 1]
    size = head[0] - 0x40 if head else -1
    start = at + 1
    if size == 24:
        size, start = int.from_bytes(data[at + 1 : at + 2]), at + 2
        is_shortest = size >= 24
    elif size == 25:
        size, start = int.from_bytes(data[at + 1 : at + 3]), at + 3
        is_shortest = size >= 256
    else:
        is_shortest = 0 <= size < 24
    if not is_shortest or start + size > len(data):
        raise MalformedCode("内容残缺", "it is cut off or broken")
    return data[start : start + size], start + size


def _key_id_in(protected: bytes) -> bytes:
    """The key id in the header of an unknown key."""
    if not protected.startswith(b"\xa2\x01") or protected[-7:-5] != b"\x04\x45" or len(protected) < 10:
        raise MalformedCode("签名头部无法识别", "the protected header is not one of ours")
    return protected[-5:]
