"""Rows of a file, read cell by cell: good ones go in, bad ones are reported with column and reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from services.chassis import import_report
from services.chassis.errors import Violation, malformed

T = TypeVar("T")


class Numbered(Protocol):
    """A row that knows its line in the file."""

    @property
    def line(self) -> int: ...


R = TypeVar("R", bound=Numbered)

GREATEST_BATCH = 5000

_WHOLE = re.compile(r"[0-9]{1,15}")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,18})?)\s*([%％]?)")
_LIST = re.compile(r"[、;；]")
_LINES = re.compile(r"[;；\n]")
_YES = {"是": True, "否": False, "TRUE": True, "FALSE": False, "1": True, "0": False, "": False}


class ImportReport(import_report.ImportReport):
    """What became of the rows.

    Args:
        headers: how the template heads each field.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers = {"line": "行号", **headers}

    def reject(self, row: object, line: int, violations: Sequence[Violation]) -> None:
        """Report a row by the first thing that is wrong with it, with the reasons of all."""
        first = violations[0]
        name = re.split(r"[.\[]", first.field)[0]
        reason = "；".join(_in_headers(violation, self.headers) for violation in violations)
        value = str(getattr(row, name, ""))
        self.rejections.append(import_report.Rejection(line, self.headers.get(name, name), value, first.rule, reason))
        self.rejections.sort(key=lambda rejection: rejection.line)

    def reject_group(self, group: Group[R]) -> None:
        """Report all rows of a group: the bad ones by what is wrong with them, the others by the first of these."""
        first = group.rows[min(group.violations)].line
        zh, en = f"与有误的第 {first} 行同属一项，整项未导入", f"belongs together with line {first}, which is refused"
        for index, row in enumerate(group.rows):
            self.reject(row, row.line, group.violations.get(index) or [Violation("line", "TOGETHER", zh, en)])

    def took_group(self, group: Group[R], is_news: bool) -> None:
        """Count the rows of a group that stands now."""
        for _ in group.rows:
            self.took(is_news)

    def took(self, is_news: bool) -> None:
        """Count a row that stands now."""
        if is_news:
            self.imported += 1
        else:
            self.unchanged += 1


@dataclass(frozen=True)
class Group(Generic[R]):
    """Rows that say one thing together, and what is wrong with each; one bad row refuses all."""

    rows: list[R] = field(default_factory=list)
    violations: dict[int, list[Violation]] = field(default_factory=dict)

    def refuse(self, index: int, violation: Violation, column: str = "") -> None:
        """Note what is wrong with a row; `column` renames the field at fault."""
        name = column or violation.field
        told = replace(violation, field=name, zh=violation.zh.replace(violation.field, name))
        self.violations.setdefault(index, []).append(told)


def grouped(rows: Iterable[R], key: Callable[[R], Hashable]) -> list[Group[R]]:
    """Rows with the same key together, in the order in which the keys come."""
    groups: dict[Hashable, Group[R]] = {}
    for row in rows:
        groups.setdefault(key(row), Group()).rows.append(row)
    return list(groups.values())


class Cells:
    """Reads the cells of a row, and remembers which cannot be read."""

    def __init__(self, row: object) -> None:
        self._row = row
        self.violations: list[Violation] = []

    def text(self, name: str) -> str:
        return str(getattr(self._row, name)).strip()

    def list(self, name: str) -> tuple[str, ...]:
        return split(self.text(name))

    def date(self, name: str) -> date | None:
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self._unreadable(
                name, "FORMAT", f"“{text}”不是 YYYY-MM-DD 格式的日期", f"{text!r} is not a date YYYY-MM-DD"
            )
            return None

    def whole(self, name: str) -> int | None:
        text = self.text(name)
        if text and not _WHOLE.fullmatch(text):
            self._unreadable(name, "FORMAT", f"“{text}”应为整数", f"{text!r} is no whole number")
            return None
        return int(text) if text else None

    def share(self, name: str, text: str) -> float:
        """A part of a whole in a list, written `10%` or `0.1`."""
        found = _SHARE.fullmatch(text.strip())
        if not found:
            self._unreadable(name, "FORMAT", f"“{text}”应为比例，如 10% 或 0.1", f"{text!r} is no share such as 10%")
            return 0.0
        return float(Decimal(found[1]) / (100 if found[2] else 1))

    def choice(self, name: str, words: Mapping[str, T]) -> T | None:
        text = self.text(name)
        found = words.get(text, words.get(text.upper()))
        if text and found is None:
            self._unreadable(
                name, "CHOICE", f"“{text}”应为：{'、'.join(words)}", f"{text!r} is none of {', '.join(words)}"
            )
        return found

    def choices(self, name: str, words: Mapping[str, T]) -> tuple[T, ...]:
        found = []
        for text in self.list(name):
            value = words.get(text, words.get(text.upper()))
            if value is None:
                zh = f"“{text}”应为：{'、'.join(words)}"
                self._unreadable(name, "CHOICE", zh, f"{text!r} is none of {', '.join(words)}")
            else:
                found.append(value)
        return tuple(found)

    def flag(self, name: str) -> bool:
        text = self.text(name)
        if text.upper() not in _YES:
            self._unreadable(name, "CHOICE", f"“{text}”应为：是、否", f"{text!r} is neither 是 nor 否")
        return _YES.get(text.upper(), False)

    def _unreadable(self, name: str, rule: str, zh: str, en: str) -> None:
        self.violations.append(Violation(name, rule, zh, en))


def split(cell: str) -> tuple[str, ...]:
    """The entries of a list in a cell."""
    return _pieces(_LIST, cell)


def split_lines(cell: str) -> tuple[str, ...]:
    """The entries of a list in a cell whose entries hold lists themselves."""
    return _pieces(_LINES, cell)


def require_batch(rows: Sequence[object]) -> None:
    """Refuse more rows than one request may bring.

    Raises:
        InvalidArgument: there are too many.
    """
    if len(rows) > GREATEST_BATCH:
        zh = f"每次最多导入 {GREATEST_BATCH} 行，请分批导入"
        raise malformed("rows", "COUNT", zh, f"at most {GREATEST_BATCH} rows at a time; send them in parts")


def twin(name: str, line: int) -> Violation:
    """The violation of a row whose code stands in another row already."""
    return Violation(
        name, "DUPLICATE", f"与第 {line} 行重复且内容不同", f"differs from line {line}, which has the same code"
    )


def _pieces(separator: re.Pattern[str], cell: str) -> tuple[str, ...]:
    return tuple(piece for piece in map(str.strip, separator.split(cell)) if piece)


def _in_headers(violation: Violation, headers: Mapping[str, str]) -> str:
    name = re.split(r"[.\[]", violation.field)[0]
    return violation.zh.replace(violation.field, headers.get(name, name))
