"""LM-RECEIPT-1: a receipt of mutual verification, signed like a code and checked with the same published keys.

receipt → CBOR → COSE_Sign1 → base32 → `HTTPS://<HOST>/R/<…>` (see `cose`); `docs/verification.md` specifies it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import cbor2

from services.codes.cose import Form, KeyBook, MalformedCode, Signer, seal, unseal
from services.codes.model.receipt import Receipt

RECEIPT = Form("LM-RECEIPT-1", "/R/")
VERSION = 1


def encode(receipt: Receipt, signer: Signer, host: str) -> str:
    """The signed text of a receipt."""
    fields: dict[int, object] = {
        1: VERSION,
        2: UUID(receipt.visit_id).bytes,
        3: UUID(receipt.code_id).bytes,
        4: receipt.task_number,
        5: list(receipt.authorities),
        6: receipt.object_id,
        7: receipt.certificate,
        8: receipt.scheme,
        9: int(receipt.enterprise_scanned_at.timestamp()),
        10: int(receipt.inspector_scanned_at.timestamp()),
    }
    return seal(cbor2.dumps(fields), signer, host, RECEIPT)


def decode_and_verify(text: str, keys: KeyBook) -> Receipt:
    """What a genuine receipt says.

    Args:
        text: the whole text of the picture, or only the part after `/R/`; in any case of letters.

    Raises:
        ForeignCode, MalformedCode, UnknownKey, ForgedCode: it is no genuine receipt.
    """
    payload, key_id = unseal(text, keys, RECEIPT)
    return replace(_receipt(payload), key_id=key_id)


def _receipt(payload: bytes) -> Receipt:
    """What a payload says whose signature was found right."""
    try:
        fields = cbor2.loads(payload)
        if fields[1] != VERSION:
            raise MalformedCode(f"版本 {fields[1]} 不受支持", f"version {fields[1]} is not supported")
        return Receipt(
            visit_id=str(UUID(bytes=fields[2])),
            code_id=str(UUID(bytes=fields[3])),
            task_number=fields[4],
            authorities=tuple(fields[5]),
            object_id=fields[6],
            certificate=fields[7],
            scheme=fields[8],
            enterprise_scanned_at=datetime.fromtimestamp(fields[9], UTC),
            inspector_scanned_at=datetime.fromtimestamp(fields[10], UTC),
        )
    except (cbor2.CBORDecodeError, KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError):
        raise MalformedCode("内容字段不全", "the content lacks a field") from None
