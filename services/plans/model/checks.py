"""Small checks of what people write; each yields the violations it finds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from services.chassis.errors import InvalidArgument, Violation, required

_REGION = re.compile(r"[1-9][0-9]{5}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

FIRST_YEAR, LAST_YEAR = 2000, 2999


def refuse(violations: Iterable[Violation], *, within: str = "") -> None:
    """Refuse if there are any violations.

    Args:
        within: the field of the request that holds the checked thing.

    Raises:
        InvalidArgument: names them all.
    """
    found = list(inside(within, violations) if within else violations)
    if found:
        raise InvalidArgument(*found)


def inside(field: str, violations: Iterable[Violation]) -> Iterator[Violation]:
    """Violations of a thing as those of the request that holds it in this field."""
    return (replace(violation, field=f"{field}.{violation.field}") for violation in violations)


def filled(field: str, value: object) -> Iterator[Violation]:
    """Something must stand there."""
    if not (value.strip() if isinstance(value, str) else value):
        yield required(field)


def short(field: str, text: str, limit: int) -> Iterator[Violation]:
    """Text must not be longer than its place on a form."""
    if len(text) > limit:
        yield Violation(
            field, "LENGTH", f"{field} 过长（最多 {limit} 字）", f"{field} is longer than {limit} characters"
        )


def region(field: str, code: str) -> Iterator[Violation]:
    """A GB/T 2260 code has six digits."""
    if code and not _REGION.fullmatch(code):
        yield Violation(
            field, "REGION", f"{field} 应为六位区划代码（GB/T 2260）", f"{field} must be a GB/T 2260 code of six digits"
        )


def year(field: str, value: int) -> Iterator[Violation]:
    """A calendar year of this millennium."""
    if not FIRST_YEAR <= value <= LAST_YEAR:
        span = f"{FIRST_YEAR}–{LAST_YEAR}"
        yield Violation(field, "RANGE", f"{field} 应为四位年度（{span}）", f"{field} must be a year, {span}")


def span(field: str, first: date | None, last: date | None) -> Iterator[Violation]:
    """The last day does not come before the first; `field` names the last."""
    if first and last and last < first:
        yield Violation(
            field, "ORDER", f"{field} 早于开始日期（{first}）", f"{field} comes before the first day {first}"
        )


def distinct(field: str, values: Sequence[object]) -> Iterator[Violation]:
    """Nothing is named twice."""
    seen: set[object] = set()
    for index, value in enumerate(values):
        if value in seen:
            place = f"{field}[{index}]"
            yield Violation(place, "DUPLICATE", f"{place} 重复（{value}）", f"{place} repeats {value!r}")
        seen.add(value)


def all_filled(field: str, values: Sequence[str]) -> Iterator[Violation]:
    """No entry of a list is blank."""
    for index, value in enumerate(values):
        yield from filled(f"{field}[{index}]", value)


def file_hash(field: str, sha256: str) -> Iterator[Violation]:
    """An attachment is named by its SHA-256."""
    if not _SHA256.fullmatch(sha256):
        yield Violation(
            field,
            "SHA256",
            f"{field} 应为文件内容的 SHA-256（64 位小写十六进制）",
            f"{field} must be 64 lower-case hex digits",
        )
