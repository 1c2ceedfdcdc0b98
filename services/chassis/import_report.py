"""What became of the rows of a file that somebody imports; mirrors `liangma.type.v1.ImportReport`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rejection:
    """A row that is not taken.

    Args:
        line: as the row gave it.
        column: at fault, as the template heads it.
        value: what stood there.
        rule: stable name.
        reason: in Chinese: what is wrong and how to mend it.
    """

    line: int
    column: str
    value: str
    rule: str
    reason: str


@dataclass
class ImportReport:
    """Counts, and the rows that were refused.

    Args:
        imported: rows that were new or changed something.
        unchanged: rows that stood there already.
    """

    imported: int = 0
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list)
