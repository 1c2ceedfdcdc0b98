"""Taking ratings from outside: every row is checked by itself, good ones are taken, bad ones reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stdnum.cn import uscc

from services.chassis.clock import today
from services.chassis.errors import malformed
from services.chassis.import_report import ImportReport, Rejection
from services.chassis.work import Work
from services.credit.model.known import KnownObject, is_personal
from services.credit.model.rating import Grade, Imported, Rating, RatingCause
from services.credit.use_cases.rating import Cause, rate

GREATEST_BATCH = 5000
GREATEST_TEXT = 64
OBJECT, PUBLIC, RISK, UNTIL, SOURCE = "统一社会信用代码", "公共信用评价", "信用风险分类", "有效期至", "来源"
"""Columns, as the template heads them."""
HEADERS = {
    "object_id": OBJECT,
    "public_rating": PUBLIC,
    "risk_class": RISK,
    "valid_until": UNTIL,
    "source": SOURCE,
}
"""By field of a row."""


@dataclass(frozen=True)
class RatingRow:
    """One row as it came: text in every column."""

    line: int = 0
    object_id: str = ""
    public_rating: str = ""
    risk_class: str = ""
    valid_until: str = ""
    source: str = ""


def import_ratings(work: Work, rows: Sequence[RatingRow], *, now: datetime) -> ImportReport:
    """Take what is right, report what is not; the same rows again change nothing."""
    if len(rows) > GREATEST_BATCH:
        zh, en = (
            f"每次最多 {GREATEST_BATCH} 行，本次 {len(rows)} 行",
            f"at most {GREATEST_BATCH} rows, this has {len(rows)}",
        )
        raise malformed("rows", "TOO_MANY", zh, en)
    known = {thing.object_id for thing in work.all(KnownObject, object_id=[row.object_id.strip() for row in rows])}
    taken: dict[str, Imported] = {}
    rejections = []
    for row in rows:
        problems = [*_problems(row, known, taken, today(now))]
        if problems:
            rejections.append(problems[0])
        else:
            taken[row.object_id.strip()] = _read(row)
    changed = _apply(work, taken, now)
    return ImportReport(len(changed), len(taken) - len(changed), rejections)


def _apply(work: Work, taken: dict[str, Imported], now: datetime) -> set[str]:
    by_source: dict[str, list[str]] = {}
    for object_id, row in taken.items():
        by_source.setdefault(row.source, []).append(object_id)
    changed: set[str] = set()

    def change(rating: Rating) -> None:
        rating.take(taken[rating.object_id])

    for source, object_ids in by_source.items():
        changed |= rate(work, object_ids, Cause(RatingCause.IMPORT, source), now=now, change=change)
    return changed


def _problems(row: RatingRow, known: set[str], taken: dict[str, Imported], day: date) -> Iterator[Rejection]:
    object_id = row.object_id.strip()
    if not object_id:
        yield _reject(row, OBJECT, row.object_id, "REQUIRED", f"{OBJECT}为必填项")
    elif object_id in taken:
        yield _reject(row, OBJECT, object_id, "DUPLICATE", "同一批数据中该对象已出现，请只保留一行")
    elif object_id not in known and not _is_id(object_id):
        yield _reject(row, OBJECT, object_id, "USCC_CHECK_DIGIT", "统一社会信用代码校验不通过，请核对 18 位代码")
    for column, value in ((PUBLIC, row.public_rating), (RISK, row.risk_class)):
        if value.strip() and _grade(value) is None:
            yield _reject(row, column, value, "GRADE", f"{column}应为 A、B、C、D 之一")
    if not (row.public_rating.strip() or row.risk_class.strip()):
        yield _reject(row, PUBLIC, "", "REQUIRED", f"{PUBLIC}和{RISK}至少填写一项")
    if row.valid_until.strip():
        yield from _bad_date(row, day)
    if not 0 < len(row.source.strip()) <= GREATEST_TEXT:
        yield _reject(row, SOURCE, row.source, "REQUIRED", f"{SOURCE}为必填项，最多 {GREATEST_TEXT} 字")


def _bad_date(row: RatingRow, day: date) -> Iterator[Rejection]:
    try:
        until = date.fromisoformat(row.valid_until.strip())
    except ValueError:
        yield _reject(row, UNTIL, row.valid_until, "DATE", f"{UNTIL}应为 YYYY-MM-DD 格式的日期")
    else:
        if until < day:
            yield _reject(row, UNTIL, row.valid_until, "EXPIRED", f"{UNTIL}早于今天，评价已失效")


def _is_id(object_id: str) -> bool:
    """Whether it can be an object's id: a social credit code that adds up, or an assigned id of another shape."""
    looks_like_code = len(object_id) == 18 and not is_personal(object_id, None)
    return uscc.is_valid(object_id) if looks_like_code else len(object_id) <= GREATEST_TEXT


def _grade(text: str) -> Grade | None:
    name = text.strip().upper()
    return Grade(name) if name in Grade.__members__ else None


def _read(row: RatingRow) -> Imported:
    until = date.fromisoformat(row.valid_until.strip()) if row.valid_until.strip() else None
    grades = _grade(row.public_rating), _grade(row.risk_class)
    return Imported(row.object_id.strip(), *grades, until, row.source.strip())


def _reject(row: RatingRow, column: str, value: str, rule: str, reason: str) -> Rejection:
    return Rejection(row.line, column, value, rule, reason)
