"""Document numbers, as people read them. What is counted is counted by the unit of work: see `counters.py`."""

from __future__ import annotations


def document_number(short_name: str, kind: str, year: int, number: int) -> str:
    """A number as documents carry it: `渝司专查〔2025〕27号` for (渝司, 专查, 2025, 27)."""
    return f"{short_name}{kind}〔{year}〕{number}号"
