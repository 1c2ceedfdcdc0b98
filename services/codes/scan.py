"""LM-SCAN-1: what a device signs that it scanned while there was no network; `docs/verification.md` specifies it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import cbor2

from services.codes.cose import (
    Ed25519Verifier,
    Form,
    MalformedCode,
    Signer,
    check_envelope,
    key_id_in_envelope,
    key_name,
    payload_of,
    protected_header,
    sign_envelope,
)
from services.codes.model.device import BadDeviceKey, Scan

SCAN = Form("LM-SCAN-1", "")
VERSION = 1
PROOF = b"LM-DEVICE-1\0"
LARGEST = 8192
"""Bytes of a statement: the largest QR code and its frame."""


def encode(scan: Scan, signer: Signer) -> bytes:
    """The signed statement."""
    fields: dict[int, object] = {
        1: VERSION,
        2: scan.sequence,
        3: scan.previous,
        4: scan.text,
        5: UUID(scan.code_id).bytes if scan.code_id else b"",
        6: int(scan.at.timestamp()),
    }
    return sign_envelope(cbor2.dumps({key: value for key, value in fields.items() if value != b""}), signer, SCAN)


def signer_of(statement: bytes) -> str:
    """Id of the key a statement says it is signed with; nothing is checked yet.

    Raises:
        MalformedCode: it is no statement.
    """
    if len(statement) > LARGEST:
        raise MalformedCode("离线记录过长", f"a statement has at most {LARGEST} bytes")
    return key_name(key_id_in_envelope(statement))


def peek(statement: bytes) -> str:
    """The text a statement holds, whoever wrote it; empty: none can be read."""
    try:
        text = cbor2.loads(payload_of(statement))[4]
    except (MalformedCode, cbor2.CBORDecodeError, KeyError, IndexError, TypeError, ValueError, OverflowError):
        return ""
    return text if isinstance(text, str) else ""


def decode_and_verify(statement: bytes, public: bytes) -> Scan:
    """What a device says.

    Raises:
        MalformedCode, ForgedCode: it is no statement signed with this key.
    """
    key = Ed25519Verifier(public)
    book = {protected_header(key.algorithm, key.key_id): key}
    payload, _ = check_envelope(statement, book, SCAN)
    try:
        fields = cbor2.loads(payload)
        if fields[1] != VERSION:
            raise MalformedCode(f"版本 {fields[1]} 不受支持", f"version {fields[1]} is not supported")
        return Scan(
            sequence=_whole(fields[2]),
            previous=bytes(fields.get(3, b"")),
            text=str(fields[4]),
            code_id=str(UUID(bytes=fields[5])) if 5 in fields else "",
            at=datetime.fromtimestamp(_whole(fields[6]), UTC),
        )
    except (cbor2.CBORDecodeError, KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError):
        raise MalformedCode("离线记录字段不全", "the statement lacks a field") from None


def check_proof(public: bytes, proof: bytes, subject: str) -> None:
    """Refuse a key that is none, or whose secret the device does not have.

    Raises:
        BadDeviceKey: it is so.
    """
    try:
        key = Ed25519Verifier(public)
    except ValueError:
        zh, en = "public_key 应为 32 字节的 Ed25519 公钥", "public_key must be the 32 bytes of an Ed25519 key"
        raise BadDeviceKey("public_key", zh, en) from None
    if not key.verify(PROOF + subject.encode(), proof):
        zh = "proof 与公钥不符：应为设备私钥对 LM-DEVICE-1、零字节与账号的签名"
        raise BadDeviceKey(
            "proof", zh, "proof is not the key's signature over LM-DEVICE-1, a zero byte and the subject"
        )


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**53:
        raise ValueError(value)
    return value
