"""A row of a file of recusals becomes one to declare, or is refused with the column and the reason."""

from __future__ import annotations

from typing import NamedTuple

from services.sampling.model import uscc
from services.sampling.model.cells import Refused, cell
from services.sampling.model.recusal import RecusalKind

LONGEST_DETAIL = 500
KINDS = {
    "利害关系": RecusalKind.INTEREST,
    "曾任职": RecusalKind.EARLIER_EMPLOYMENT,
    "配偶": RecusalKind.SPOUSE,
    "近亲属": RecusalKind.RELATIVE,
    "其他": RecusalKind.OTHER,
}
"""What a cell calls each kind."""

NAMES = {kind: name for name, kind in KINDS.items()}
HEADERS = {
    "证件号": "certificate",
    "对象编号": "object_id",
    "统一社会信用代码": "object_id",
    "回避情形": "kind",
    "说明": "detail",
}
"""What a column of a file of recusals means; several may mean the same."""

NEEDED = ("certificate", "object_id", "kind")


class Row(NamedTuple):
    """A row as it came: all text."""

    line: int
    certificate: str
    object_id: str
    kind: str
    detail: str


class Declared(NamedTuple):
    """What a row declares."""

    certificate: str
    object_id: str
    kind: RecusalKind
    detail: str


def declared(row: Row) -> Declared:
    """What a row declares.

    Raises:
        Refused: a cell cannot be trusted.
    """
    kind, detail = cell(row.kind), cell(row.detail)
    if kind not in KINDS and kind not in set(RecusalKind):
        raise Refused("回避情形", row.kind, "KIND_UNKNOWN", f"回避情形应为：{'、'.join(KINDS)}")
    if len(detail) > LONGEST_DETAIL:
        raise Refused("说明", detail[:LONGEST_DETAIL], "LENGTH", f"超过 {LONGEST_DETAIL} 字")
    code = cell(row.object_id)
    object_id = code if uscc.broken_rule(uscc.compact(code)) else uscc.compact(code)
    return Declared(cell(row.certificate), object_id, KINDS.get(kind) or RecusalKind(kind), detail)
