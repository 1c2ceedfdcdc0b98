"""A hundred thousand forged codes, and fewer forged receipts: none is taken for genuine, none crashes the reader.

In parts of one seed each, so that they run side by side; `LIANGMA_MUTATIONS` asks for more codes than a usual run has.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import pytest

from services.chassis.errors import InvalidArgument
from services.codes import receipt, signing
from services.codes.cose import Ed25519Signer, Ed25519Verifier, KeyBook
from services.codes.model.content import Content
from services.codes.model.receipt import Receipt

HOST, PARTS = "LIANGMA.EXAMPLE.CN", 4
MUTATIONS = int(os.environ.get("LIANGMA_MUTATIONS", "100000")) // PARTS
SIGNER = Ed25519Signer(b"\x01" * 32)
BOOK = KeyBook(frozenset({HOST}), (Ed25519Verifier(SIGNER.public),))
NOON = datetime.fromisoformat("2025-06-10T04:00:00+00:00")


def code(number: int) -> str:
    """A genuine code."""
    said = Content(
        code_id=f"01975234-5f00-7abc-8def-{number:012x}",
        kind="JOINT",
        status_index=number,
        valid_from=NOON,
        valid_to=NOON,
        object_id="91500105MACDMPYK94",
        task_number="渝司专查〔2025〕27号",
        authorities=("11500000009275787B",),
        certificates=("50010012345", "50010012346"),
    )
    return signing.encode(said, SIGNER, HOST)


def kept(number: int) -> str:
    """A genuine receipt."""
    said = Receipt(
        visit_id=f"01975234-5f00-7abc-8def-{number:012x}",
        code_id=f"01975234-5f00-7abc-8def-{number:012x}",
        object_id="91500105MACDMPYK94",
        task_number="渝司专查〔2025〕27号",
        authorities=("11500000009275787B",),
        certificate="50010012345",
        scheme="渝企码",
        enterprise_scanned_at=NOON,
        inspector_scanned_at=NOON,
    )
    return receipt.encode(said, SIGNER, HOST)


def flipped(raw: bytearray, _: bytes, random: Random) -> None:
    for _bit in range(random.randint(1, 3)):
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)


def overwritten(raw: bytearray, _: bytes, random: Random) -> None:
    start = random.randrange(len(raw))
    raw[start : start + random.randint(1, 8)] = random.randbytes(random.randint(0, 8))


def spliced(raw: bytearray, other: bytes, random: Random) -> None:
    """The head of one genuine text and the tail of another, or a piece of it in between."""
    start, stop = sorted(random.sample(range(len(raw)), 2))
    raw[start:stop] = other[start:stop]


def moved(raw: bytearray, _: bytes, random: Random) -> None:
    start = random.randrange(len(raw))
    piece = raw[start : start + random.randint(1, 40)]
    del raw[start : start + len(piece)]
    place = random.randrange(len(raw) + 1)
    raw[place:place] = piece


def lengthened(raw: bytearray, _: bytes, random: Random) -> None:
    place = random.randrange(len(raw) + 1)
    raw[place:place] = random.randbytes(random.randint(1, 4))


BENDINGS: tuple[Callable[[bytearray, bytes, Random], None], ...] = (flipped, overwritten, spliced, moved, lengthened)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_forged_code_passes_and_none_crashes(part: int) -> None:
    forge(code, signing.decode_and_verify, "V", part)


def test_no_forged_receipt_passes_and_none_crashes() -> None:
    forge(kept, receipt.decode_and_verify, "R", PARTS)


def forge(make: Callable[[int], str], read: Callable[[str, KeyBook], Any], path: str, part: int) -> None:
    """Bend genuine texts in every way there is, and see each refused."""
    random = Random(part)
    genuine = [unpack(make(number)) for number in range(part * 8, part * 8 + 8)]
    for _ in range(MUTATIONS):
        one, other = random.sample(genuine, 2)
        raw = bytearray(one)
        random.choice(BENDINGS)(raw, other, random)
        if bytes(raw) in genuine:
            continue
        text = f"HTTPS://{HOST}/{path}/{base64.b32encode(raw).decode().rstrip('=')}"
        with pytest.raises(InvalidArgument):
            read(text, BOOK)


def unpack(text: str) -> bytes:
    """The envelope of a text."""
    body = text.rpartition("/")[2]
    return base64.b32decode(body + "=" * (-len(body) % 8))
