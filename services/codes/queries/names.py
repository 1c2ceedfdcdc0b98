"""Names for ids, many at once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from services.chassis.errors import malformed
from services.codes.tables import known_authorities, known_objects


def object_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Names of objects."""
    return _names(session, known_objects.c.object_id, known_objects.c.name, ids)


def authority_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Names of authorities."""
    return _names(session, known_authorities.c.authority_id, known_authorities.c.name, ids)


def is_newest_first(order_by: str) -> bool:
    """Which way round a list goes.

    Raises:
        InvalidArgument: it cannot be ordered so.
    """
    if order_by not in ("", "create_time", "create_time desc"):
        zh = "order_by 只能是 create_time 或 create_time desc"
        raise malformed("order_by", "UNKNOWN_ORDER", zh, "order_by must be create_time or create_time desc")
    return order_by.endswith(" desc")


def _names(session: Session, id: Column[str], name: Column[str], ids: Iterable[str]) -> dict[str, str]:
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    return {row[0]: row[1] for row in session.execute(select(id, name).where(id.in_(wanted)))}
