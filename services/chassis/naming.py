"""One name in the spelling of another language."""

from __future__ import annotations

import re
from functools import cache

_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def snake_case(name: str) -> str:
    """`not_a_hash` for `NotAHash`."""
    return _WORD_BEGINS.sub("_", name).lower()
