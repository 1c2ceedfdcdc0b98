"""Which codes were taken back, for whoever checks codes without us: a Token Status List, one bit a code.

A code's `status_index` names its list (index ÷ 131072) and its bit in it. The list is a CWT signed like a code, so a
copy from anywhere is as good as ours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cbor2

from services.codes.cose import KeyBook, Signer
from services.codes.model.content import CodeRevoked

BITS = 131_072
"""Codes on one list: 16 KiB before compression."""
MEDIA_TYPE = "application/statuslist+cwt"
FRESH_FOR = timedelta(hours=12)
"""How long a copy may be relied on."""
_SUBJECT, _EXPIRES, _ISSUED, _LIST = 2, 4, 6, 65533
_ALGORITHM, _KEY_ID, _TYPE = 1, 4, 16


class BadStatusList(ValueError):
    """The bytes are no status list of ours."""


@dataclass(frozen=True)
class StatusList:
    """A list as it was published.

    Args:
        number: which one.
        issued_at: when it was made.
        bits: one bit a code, the first code in the lowest bit of the first byte.
    """

    number: int
    issued_at: datetime
    bits: bytes

    def check(self, status_index: int) -> None:
        """Refuse a code that this list shows as revoked; a code of another list passes.

        Raises:
            CodeRevoked: its bit is set.
        """
        number, place = divmod(status_index, BITS)
        if number == self.number and self.bits[place // 8] >> (place % 8) & 1:
            raise CodeRevoked


def encode(number: int, revoked: Iterable[int], signer: Signer, *, url: str, now: datetime) -> bytes:
    """A signed list.

    Args:
        revoked: the status indexes that are taken back, all of this list.
        url: where the list is published.
    """
    bits = bytearray(BITS // 8)
    for index in revoked:
        place = index - number * BITS
        bits[place // 8] |= 1 << (place % 8)
    claims = {
        _SUBJECT: url,
        _ISSUED: int(now.timestamp()),
        _EXPIRES: int((now + FRESH_FOR).timestamp()),
        _LIST: {"bits": 1, "lst": zlib.compress(bytes(bits), 9)},
    }
    header = {_ALGORITHM: signer.algorithm, _KEY_ID: signer.key_id, _TYPE: MEDIA_TYPE}
    protected, payload = cbor2.dumps(header, canonical=True), cbor2.dumps(claims, canonical=True)
    signature = signer.sign(_to_be_signed(protected, payload))
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def decode(data: bytes, keys: KeyBook) -> StatusList:
    """A list somebody else kept for us.

    Raises:
        BadStatusList: not a list, or not signed by one of these keys.
    """
    try:
        protected, payload, signature = _open(data)
        header = cbor2.loads(protected)
        signed_by = header[_ALGORITHM], header[_KEY_ID]
        verifier = next(key for key in keys.verifiers if (key.algorithm, key.key_id) == signed_by)
        genuine = header[_TYPE] == MEDIA_TYPE and verifier.verify(_to_be_signed(protected, payload), signature)
        claims = cbor2.loads(payload)
        inflater = zlib.decompressobj()
        bits = inflater.decompress(claims[_LIST]["lst"], BITS // 8)
        number = int(claims[_SUBJECT].rpartition("/")[2])
        issued_at = datetime.fromtimestamp(claims[_ISSUED], UTC)
    except (
        cbor2.CBORDecodeError,
        zlib.error,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        StopIteration,
    ) as bad:
        raise BadStatusList("not a status list of these keys") from bad
    if not genuine or len(bits) != BITS // 8:
        raise BadStatusList("the status list's signature is wrong")
    return StatusList(number, issued_at, bits)


def _open(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Protected header, payload and signature of a COSE_Sign1 in its one shortest form."""
    protected, _, payload, signature = cbor2.loads(data).value
    if cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature])) != data:
        raise BadStatusList("no COSE_Sign1 in its shortest form")
    return protected, payload, signature


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])
