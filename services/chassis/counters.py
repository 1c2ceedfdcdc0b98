"""Series of numbers, counted within the transaction: none is skipped and none is given twice."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def numbers_table(metadata: MetaData) -> Table:
    """The last number of each series."""
    return Table(
        "numbers",
        metadata,
        Column("series", String(200), primary_key=True),
        Column("last", BigInteger, nullable=False),
    )


def next_numbers(session: Session, table: Table, series: str, count: int) -> range:
    """The next numbers of a series, from 1. The series stays locked until the transaction ends: no gap, no race."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(series=series, last=count)
    counted = statement.on_conflict_do_update(index_elements=["series"], set_={"last": table.c.last + count})
    last = int(session.execute(counted.returning(table.c.last)).scalar_one())
    return range(last - count + 1, last + 1)
