"""How long a text may be."""

from __future__ import annotations

from collections.abc import Iterator

from services.chassis.errors import Violation

ID, WORD, NAME, URL = 64, 100, 200, 2000


def too_long(field: str, text: str, limit: int) -> Iterator[Violation]:
    """What is wrong with a text that goes beyond its limit."""
    if len(text) > limit:
        yield Violation(field, "LENGTH", f"{field} 最多 {limit} 字", f"{field} has more than {limit} characters")
