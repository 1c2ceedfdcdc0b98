"""The QR picture of a text, drawn when somebody asks and kept for who asks next: drawing is far slower than signing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import segno

from services.chassis.errors import malformed


class PictureFormat(StrEnum):
    """How a picture is drawn."""

    PNG = "PNG"
    SVG = "SVG"


@dataclass(frozen=True)
class Picture:
    """A drawn picture."""

    content_type: str
    data: bytes


CONTENT_TYPES = {PictureFormat.PNG: "image/png", PictureFormat.SVG: "image/svg+xml"}
DEFAULT_SCALE = 6
GREATEST_SCALE = 20
MASK = 3
"""Codes are as good as random, so every mask mixes them alike; trying all eight would take most of the time."""


@lru_cache(maxsize=1024)
def draw(text: str, format: PictureFormat, scale: int = 0) -> Picture:
    """The picture of a text.

    Args:
        scale: pixels per module; 0: the default.

    Raises:
        InvalidArgument: the scale is out of range.
    """
    if not 0 <= scale <= GREATEST_SCALE:
        zh = f"scale 应为 1 到 {GREATEST_SCALE}"
        raise malformed("scale", "RANGE", zh, f"scale must be 1 to {GREATEST_SCALE}")
    out = io.BytesIO()
    code = segno.make(text, micro=False, error="l", boost_error=True, mask=MASK)
    code.save(out, kind=format.lower(), scale=scale or DEFAULT_SCALE, border=4)
    return Picture(CONTENT_TYPES[format], out.getvalue())
