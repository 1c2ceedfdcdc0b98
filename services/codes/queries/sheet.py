"""Which codes stand on a print sheet, and in how many parts: a file has so many codes and no more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.chassis.errors import InvalidArgument, NoSuchThing, malformed, required
from services.chassis.identity import Principal
from services.codes.model.code import CodeState, InspectionCode
from services.codes.model.content import CodeRevoked
from services.codes.queries.code import codes, readable
from services.codes.sheet import MOST_CODES, NothingToPrint


@dataclass(frozen=True)
class SheetOf:
    """What to print: what stands of a task, or these codes.

    Args:
        part: from 1; 0: all in one file.
    """

    task_id: str = ""
    code_ids: tuple[str, ...] = ()
    part: int = 0


def sheet_codes(
    session: Session, asked: SheetOf, *, by: Principal, objects: Collection[str]
) -> Sequence[InspectionCode]:
    """The codes of a sheet, in the order of their ids.

    Args:
        objects: that the caller speaks for.

    Raises:
        InvalidArgument: neither task nor codes are named, there are too many for one file, or not so many parts.
        NoSuchThing: a named code is none, or none of the caller's business.
        CodeRevoked: a named code was taken back.
        NothingToPrint: no code stands.
    """
    chosen = [*readable(by, objects), *_chosen(asked)]
    count = session.scalar(select(func.count()).select_from(codes).where(*chosen)) or 0
    _check_part(asked.part, count)
    first = MOST_CODES * max(asked.part - 1, 0)
    found = session.scalars(
        select(InspectionCode).where(*chosen).order_by(codes.c.code_id).offset(first).limit(MOST_CODES)
    ).all()
    if asked.code_ids:
        _check_all(asked.code_ids, found)
    if not found:
        raise NothingToPrint
    return found


def _chosen(asked: SheetOf) -> list[ColumnElement[bool]]:
    if not asked.task_id and not asked.code_ids:
        raise InvalidArgument(required("task_id"))
    if len(asked.code_ids) > MOST_CODES:
        zh = f"一次最多 {MOST_CODES} 个码，现为 {len(asked.code_ids)} 个，请分批获取"
        en = f"at most {MOST_CODES} codes at a time, these are {len(asked.code_ids)}: ask for them in batches"
        raise malformed("code_ids", "TOO_MANY", zh, en)
    of_task = [codes.c.task_id == asked.task_id] if asked.task_id else []
    which = codes.c.code_id.in_(asked.code_ids) if asked.code_ids else codes.c.state == CodeState.ISSUED
    return [*of_task, which]


def _check_all(wanted: Sequence[str], found: Sequence[InspectionCode]) -> None:
    """Refuse to leave a named code out in silence."""
    missing = sorted(set(wanted) - {code.code_id for code in found})
    if missing:
        raise NoSuchThing("InspectionCode", missing[0])
    for code in found:
        if code.state is CodeState.REVOKED:
            raise CodeRevoked(code.code_id)


def _check_part(part: int, count: int) -> None:
    needed = -(-count // MOST_CODES)
    if part == 0 and needed > 1:
        raise _refused("TOO_MANY", count, needed)
    if not 0 <= part <= max(needed, 1):
        raise _refused("RANGE", count, needed)


def _refused(rule: str, count: int, needed: int) -> InvalidArgument:
    zh = f"共有 {count} 个码，每个文件最多 {MOST_CODES} 个，请分 {needed} 次获取：part 依次填 1 至 {needed}"
    en = f"there are {count} codes and a file holds {MOST_CODES}: ask for part 1 to {needed}, one after the other"
    return malformed("part", rule, zh, en)
