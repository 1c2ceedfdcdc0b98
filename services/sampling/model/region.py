"""Regions (区划, GB/T 2260): which codes there are, and the code that a name in a file stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.sampling.model.teams import covers

CODE = re.compile(r"[0-9]{6}")

__all__ = ["CODE", "Regions", "covers", "prefix"]


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions that are known; loaded once, so that what was looked up in them can be remembered.

    Args:
        codes: every code there is or was, with the one that stands for it now (mostly itself).
        names: by the first two digits (the province), full and short names with their codes.
        provinces: full and short names of provinces with their first two digits.
    """

    codes: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    provinces: Mapping[str, str]

    def current(self, code: str) -> str:
        """The code that stands for this one now; empty: there is and was none."""
        return self.codes.get(code, "")

    def find(self, text: str, province: str = "") -> str:
        """The code a cell stands for, be it a code or a name; empty: none, or more than one.

        Args:
            province: the first two digits within which a name is looked up.
        """
        if CODE.fullmatch(text):
            return self.current(text)
        return self.names.get(province, {}).get(text, "")


@lru_cache(maxsize=4096)
def prefix(region: str) -> str:
    """What all codes within a region begin with: `50` for `500000`, `500118` for itself."""
    return region.removesuffix("00").removesuffix("00")
