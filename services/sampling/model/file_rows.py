"""A file's table becomes rows: which column means what, and what stands in each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from services.chassis.errors import malformed
from services.sampling.model.cells import refuse_many

Table = Sequence[Sequence[str]]


def cells_of_table(
    table: Table, first_line: int, fields: Sequence[str], headers: Mapping[str, str], needed: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    """Number and cells of each line; of several columns that mean the same the first with a text counts.

    Args:
        table: its first line names the columns; lines may be shorter or longer than it.
        first_line: number of the line after the header; blank lines count, and are passed over.
        fields: of a row; the first is the line's number.
        headers: which field a column is.
        needed: fields without which a file makes no sense.

    Raises:
        InvalidArgument: a column that is needed is not there, there is no row, or there are too many.
    """
    header, *lines = table or [()]
    refuse_many("file", lines)
    meanings = [headers.get(name.strip(), "") for name in header]
    for each in needed:
        if each not in meanings:
            names = " / ".join(name for name, meaning in headers.items() if meaning == each)
            raise malformed("file", "COLUMNS", f"首行缺少列：{names}", f"the first line has no column {names}")
    numbered = [(number, line) for number, line in enumerate(lines, first_line) if any(line)]
    if not numbered:
        raise malformed("file", "REQUIRED", "文件中没有数据行", "the file holds no rows")
    width, blank = len(header), [""] * len(header)
    even = (line if len(line) == width else [*line, *blank][:width] for _, line in numbered)
    columns = list(zip(*even, strict=True))
    nothing = ("",) * len(numbered)
    by_field = [
        [column for column, meaning in zip(columns, meanings, strict=True) if meaning == name] for name in fields[1:]
    ]
    texts = (first_text(*alike) if alike[1:] else alike[0] if alike else nothing for alike in by_field)
    return zip((number for number, _ in numbered), *texts, strict=True)


def first_text(*columns: Sequence[str]) -> list[str]:
    """Of each line the first cell that says something."""
    return [next((text for text in line if text.strip()), "") for line in zip(*columns, strict=True)]
