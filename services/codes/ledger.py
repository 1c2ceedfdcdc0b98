"""Counting visits and handing out places on the status list, for whole batches and exactly, whoever else counts too.

Rows that are counted stay locked until the transaction ends, always taken in the same order, so two batches that share
objects wait for each other and never for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis import bulk
from services.codes import tables
from services.codes.model.code import CodeState, CountKey
from services.codes.model.warning import PastVisit

T = TypeVar("T")

_SERIES = "status-index"
counts = tables.visit_counts
codes = tables.codes


class SqlLedger:
    """Implements `services.codes.use_cases.mint.Ledger` on SQLite and PostgreSQL.

    Args:
        session: the open transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self, kind: type[T], attribute: str, values: Collection[str], **equal: object) -> list[T]:
        """All entities whose attribute is one of many values, and which match besides."""
        if not values:
            return []
        chosen = bulk.among(self._session, getattr(kind, attribute), values)
        others = (getattr(kind, name) == value for name, value in equal.items())
        return list(self._session.scalars(select(kind).where(chosen, *others)))

    def hold(self, keys: Iterable[CountKey]) -> dict[CountKey, int]:
        """The visits counted so far; nobody else counts these until the transaction ends."""
        touched = self._add([(*key, 0) for key in sorted(set(keys))])
        return {CountKey(*row[:4]): row[4] for row in self._session.execute(touched.returning(*counts.c))}

    def add(self, changes: Mapping[CountKey, int]) -> None:
        """Count visits, or give them back."""
        rows = [(*key, change) for key, change in sorted(changes.items()) if change]
        if rows:
            self._session.execute(self._add(rows))

    def take_status_indexes(self, number: int) -> int:
        """The first of so many consecutive free places on the status list."""
        numbers = tables.metadata.tables["numbers"]
        statement = bulk.insert_into(self._session, numbers).values(series=_SERIES, last=number)
        taken = statement.on_conflict_do_update(index_elements=["series"], set_={"last": numbers.c.last + number})
        return int(self._session.execute(taken.returning(numbers.c.last)).scalar_one()) - number

    def note_parties(self, parties: Sequence[tuple[str, str]]) -> None:
        """Remember who takes part in which code, as (authority or certificate, code)."""
        rows = [{"party": party, "code_id": code_id} for party, code_id in parties]
        if rows:
            bulk.insert_rows(self._session, tables.code_parties, rows)

    def past_visits(self, object_ids: Collection[str], since: date, until: date) -> list[PastVisit]:
        """Visits to these objects that have a code, begun within these days; tests not among them."""
        statement = select(codes.c.object_id, codes.c.lead_id, codes.c.starts_on).where(
            bulk.among(self._session, codes.c.object_id, object_ids),
            codes.c.starts_on.between(since, until),
            codes.c.state == CodeState.ISSUED,
            codes.c.test.is_(False),
        )
        return [PastVisit(*row) for row in self._session.execute(statement)]

    def _add(self, rows: Sequence[tuple[Any, ...]]) -> Any:
        """An upsert that adds to the counters; even adding nothing locks them."""
        names = [column.name for column in counts.c]
        source = bulk.as_table(self._session, list(counts.c), rows).order_by(*names[:4])
        statement = bulk.insert_into(self._session, counts).from_select(names, source)
        sums = {"visits": counts.c.visits + statement.excluded.visits}
        return statement.on_conflict_do_update(index_elements=names[:4], set_=sums)
