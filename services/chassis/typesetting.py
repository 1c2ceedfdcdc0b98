"""Papers as PDF: a Typst template and what it shows.

A Chinese font is taken from the system, else from the Python package `noto-cjk-sans-otc`.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from services.chassis.errors import Unavailable

FAMILIES = (
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Source Han Serif CN",
    "Noto Serif SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans SC",
    "SimSun",
    "Songti SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Zen Hei",
)
FONT_PACKAGE = "noto_cjk_sans_otc"


class NoChineseFont(Unavailable):
    """No font on this machine can show Chinese."""

    def __init__(self) -> None:
        super().__init__(
            "没有可用的中文字体，无法生成文书；请安装 Debian 软件包 fonts-noto-cjk 或 Python 包 noto-cjk-sans-otc",
            "no Chinese font is installed, so the paper cannot be set; install Debian's fonts-noto-cjk or the Python "
            "package noto-cjk-sans-otc",
        )


def typeset(template: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of a template, which finds `data` and the font's `family` in `sys.inputs`.

    Raises:
        NoChineseFont: no font on this machine can show Chinese.
    """
    pdf = typst.compile(str(template), format="pdf", **_given(data))
    assert isinstance(pdf, bytes)
    return pdf


def pictured(template: Path, data: Mapping[str, Any], dots_per_inch: int) -> list[bytes]:
    """The same pages as PNG pictures.

    Raises:
        NoChineseFont: no font on this machine can show Chinese.
    """
    pages = typst.compile(str(template), format="png", ppi=float(dots_per_inch), **_given(data))
    return pages if isinstance(pages, list) else [pages] if isinstance(pages, bytes) else []


def _given(data: Mapping[str, Any]) -> dict[str, Any]:
    fonts, family = _fonts()
    return {"font_paths": fonts, "sys_inputs": {"data": json.dumps(data, ensure_ascii=False), "family": family}}


@lru_cache(maxsize=1)
def _fonts() -> tuple[typst.Fonts, str]:
    """The fonts of this machine and of the font package, and the family to set in."""
    package = importlib.util.find_spec(FONT_PACKAGE)
    folders = list(package.submodule_search_locations or ()) if package else []
    fonts = typst.Fonts(font_paths=folders)
    family = _choose(fonts.families())
    return fonts, family


def _choose(families: Sequence[str]) -> str:
    held = set(families)
    for family in FAMILIES:
        if family in held:
            return family
    raise NoChineseFont
