"""LM-CODE-1: what a code says, signed so that anybody can check it with a public key and nothing else.

content → CBOR → COSE_Sign1 → base32 → `HTTPS://<HOST>/V/<…>` (see `cose`)

Any camera opens the address, and an app checks the signature offline. `docs/verification.md` specifies it completely.

    CodeExpired       genuine, but too late
    CodeNotYetValid   genuine, but too early
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import cbor2

from services.codes.cose import Form, KeyBook, MalformedCode, Signer, seal, unseal
from services.codes.model.content import KINDS, Content

CODE = Form("LM-CODE-1", "/V/")
VERSION = 1


def encode(content: Content, signer: Signer, host: str) -> str:
    """The signed text of a code."""
    return seal(_payload(content), signer, host, CODE)


def decode_and_verify(text: str, keys: KeyBook, now: datetime | None = None) -> Content:
    """What a genuine code says.

    Args:
        text: the whole text of the picture, or only the part after `/V/`; in any case of letters.
        now: also check that the code is good at this instant.

    Raises:
        ForeignCode, MalformedCode, UnknownKey, ForgedCode: it is no genuine code.
        CodeExpired: genuine, but too late.
        CodeNotYetValid: genuine, but too early.
    """
    payload, key_id = unseal(text, keys, CODE)
    content = replace(_content(payload), key_id=key_id)
    if now is not None:
        content.check_time(now)
    return content


def _payload(content: Content) -> bytes:
    fields: dict[int, object] = {
        1: VERSION,
        2: UUID(content.code_id).bytes,
        3: KINDS.index(content.kind) + 1,
        4: content.task_number,
        5: list(content.authorities),
        6: content.object_id,
        7: list(content.matters),
        8: list(content.certificates),
        9: int(content.valid_from.timestamp()),
        10: int(content.valid_to.timestamp()),
        11: content.status_index,
    }
    # keys ascend as they stand, and cbor2 writes every length in its shortest form: deterministic without sorting
    return cbor2.dumps({key: value for key, value in fields.items() if value or value == 0})


def _content(payload: bytes) -> Content:
    """What a payload says whose signature was found right."""
    try:
        fields = cbor2.loads(payload)
        if fields[1] != VERSION:
            raise MalformedCode(f"版本 {fields[1]} 不受支持", f"version {fields[1]} is not supported")
        return Content(
            code_id=str(UUID(bytes=fields[2])),
            kind=KINDS[fields[3] - 1],
            task_number=fields.get(4, ""),
            authorities=tuple(fields.get(5, ())),
            object_id=fields.get(6, ""),
            matters=tuple(fields.get(7, ())),
            certificates=tuple(fields.get(8, ())),
            valid_from=datetime.fromtimestamp(fields[9], UTC),
            valid_to=datetime.fromtimestamp(fields[10], UTC),
            status_index=fields[11],
        )
    except (cbor2.CBORDecodeError, KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError):
        raise MalformedCode("内容字段不全", "the content lacks a field") from None
