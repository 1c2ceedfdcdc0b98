"""Pictures of codes, beside segno as it comes and zxing-cpp's writer; none is drawn twice."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import segno

from benchmarks.harness import Benchmark, Contender, Role
from services.chassis.typesetting import typeset
from services.codes import signing
from services.codes.cose import Ed25519Signer
from services.codes.model.content import Content
from services.codes.picture import PictureFormat, draw
from services.codes.sheet import TEMPLATE

CODES = 200
SIGNER = Ed25519Signer(b"\x01" * 32)
NOON = datetime(2025, 6, 10, 4, tzinfo=UTC)


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Every turn has codes of its own, so that no cache helps."""
    numbers = count()
    yield Benchmark(
        "pictures",
        f"PNG pictures of {CODES} codes, and as many to print",
        [
            Contender("ours", lambda: ours(numbers), Role.OURS),
            Contender("ours, on a sheet to print", lambda: ours_on_a_sheet(numbers), Role.OURS),
            Contender("segno as it comes", lambda: plain(numbers), Role.PEER),
            Contender("segno, a PDF for each", lambda: plain_to_print(numbers), Role.PEER),
            Contender("zxing-cpp", lambda: zxing(numbers), Role.LIMIT),
        ],
        units=(CODES, "pictures"),
        rounds=3,
    )


def texts(numbers: Iterator[int]) -> list[str]:
    """Codes nobody has seen."""
    return [code(next(numbers)) for _ in range(CODES)]


def code(number: int) -> str:
    """A code."""
    said = Content(
        code_id=f"01975234-5f00-7abc-8def-{number:012x}",
        kind="SINGLE",
        status_index=number,
        valid_from=NOON,
        valid_to=NOON,
        object_id="91500105MACDMPYK94",
        task_number="渝司专查〔2025〕27号",
        authorities=("11500000009275787B",),
        matters=("330631004000",),
        certificates=("50010012345", "50010012346"),
    )
    return signing.encode(said, SIGNER, "LIANGMA.EXAMPLE.CN")


def ours(numbers: Iterator[int]) -> int:
    """As the service draws them."""
    return sum(len(draw(text, PictureFormat.PNG).data) for text in texts(numbers))


def ours_on_a_sheet(numbers: Iterator[int]) -> int:
    """Twelve on a page, with what each is for, in one PDF."""
    labels = [
        {"kind": "检查码", "name": "重庆某某娱乐中心", "object": "91500105MACDMPYK94", "task": "渝司专查〔2025〕27号"}
        | {"days": "2025-06-09 至 2025-06-20", "qr": draw(text, PictureFormat.SVG).data.decode()}
        for text in texts(numbers)
    ]
    return len(typeset(TEMPLATE, {"codes": labels}))


def plain_to_print(numbers: Iterator[int]) -> int:
    """Nothing but the code, and a file for each."""
    size = 0
    for text in texts(numbers):
        out = io.BytesIO()
        segno.make(text, error="l").save(out, kind="pdf", scale=6)
        size += len(out.getvalue())
    return size


def plain(numbers: Iterator[int]) -> int:
    """As segno's first page shows it."""
    size = 0
    for text in texts(numbers):
        out = io.BytesIO()
        segno.make(text, error="l").save(out, kind="png", scale=6)
        size += len(out.getvalue())
    return size


def zxing(numbers: Iterator[int]) -> int:
    """A writer in C++, to the bitmap and no further."""
    import zxingcpp

    kind, size = zxingcpp.BarcodeFormat.QRCode, 0
    for text in texts(numbers):
        image: Any = zxingcpp.create_barcode(text, kind).to_image(scale=6)
        size += memoryview(image).nbytes
    return size
