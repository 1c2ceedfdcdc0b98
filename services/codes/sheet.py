"""The print sheet: codes to cut out, twelve on an A4 page, set from `sheet.typ`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from services.chassis.errors import FailedPrecondition
from services.codes.model.code import CodeKind, InspectionCode
from services.codes.picture import PictureFormat, draw

TEMPLATE = Path(__file__).parent / "sheet.typ"
PDF = "application/pdf"
MOST_CODES = 240
"""How many codes one file holds: twenty pages, which a printer takes in one go."""
KINDS = {
    CodeKind.SINGLE: "检查码",
    CodeKind.JOINT: "联合检查码",
    CodeKind.SURVEY: "检查码（摸底）",
    CodeKind.EXTERNAL: "检查码（外部系统）",
}


class NothingToPrint(FailedPrecondition):
    """No code stands that could be printed."""

    def __init__(self) -> None:
        super().__init__(
            "没有可打印的码：任务尚未赋码，或码均已撤销",
            "there is no code to print: none was issued yet, or all are revoked",
        )


def sheet(codes: Iterable[InspectionCode], names: Mapping[str, str]) -> dict[str, Any]:
    """What the template shows.

    Args:
        names: of objects, by id.
    """
    return {"codes": [_label(code, names.get(code.object_id, "")) for code in codes]}


def _label(code: InspectionCode, name: str) -> dict[str, str]:
    return {
        "kind": KINDS[code.kind],
        "name": name or code.object_id or "各相关经营主体",
        "object": code.object_id,
        "task": " ".join(filter(None, (code.task_number, code.task_name))),
        "days": f"{code.starts_on} 至 {code.ends_on}",
        "qr": draw(code.text, PictureFormat.SVG).data.decode(),
    }
