"""Finding objects in a directory by what people type, beside LIKE over the same table.

Names are searched by two and three characters, codes by their last four, tags by the whole word; the answer is the
first page by id. The peer has the primary key, as a table without more has it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.harness import Benchmark, Contender, Role
from benchmarks.relay import schema
from services.chassis.database import Database
from services.sampling import tables
from services.sampling.__main__ import SERVICE
from services.sampling.queries.objects import Filters, list_objects
from services.sampling.tables import objects

OBJECTS = 300_000
PAGE = 50
FILL = """
INSERT INTO objects (object_id, type, name, registration_status, region, address, industry, tags, licences,
  enterprise_type, business_scope, owner_id, version, created_by, updated_by, updated_at, key, row_digest)
SELECT '91500' || lpad((n * 7919::bigint % 10000019)::text, 13, '0'), 'INSTITUTION',
  '重庆' || chr(19968 + n * 31 % 5003) || chr(19968 + n * 17 % 4001) || chr(19968 + n * 13 % 3001)
    || '餐饮管理有限公司',
  'ACTIVE', (500101 + n % 40)::text, '人民路' || n || '号', 'H6210',
  '|餐饮|' || CASE WHEN n % 5000 = 0 THEN '重点|' ELSE '' END, '[]', '有限责任公司', '餐饮服务', '', 1, '', '',
  now() + n * interval '1 second', substring(sha256(n::text::bytea) FOR 16), ''
FROM generate_series(1, :many) AS n
"""

Found = Sequence[Sequence[str]]


@contextmanager
def directory(name: str, many: int) -> Iterator[Database]:
    """A directory of so many objects on PostgreSQL, which knows it."""
    tables.map_model()
    with schema(name) as url, closing_database(url) as database:
        SERVICE.metadata.create_all(database.engine)
        with database.transaction() as session:
            session.execute(text(FILL), {"many": many})
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE objects")
            connection.exec_driver_sql("ANALYZE directory_changes")
        yield database


@contextmanager
def closing_database(url: str) -> Iterator[Database]:
    """A database whose connections are closed at the end."""
    database = Database(url)
    yield database
    database.dispose()


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """What is searched for is in the directory, but for one in five."""
    with directory("directory", OBJECTS) as database:
        with database.transaction(read_only=True) as session:
            some = session.execute(select(objects.c.name, objects.c.object_id).limit(8)).all()
        searches = [
            search
            for name, id in some
            for search in (
                Filters(query=name[2:4]),
                Filters(query=name[2:5]),
                Filters(code_tail=id[-4:]),
                Filters(query=name[4] + name[2]),
            )
        ]
        random.Random(1).shuffle(searches)
        searches.append(Filters(tag="重点"))
        yield Benchmark(
            "directory",
            f"{len(searches)} searches in {OBJECTS:,} objects",
            [
                Contender("ours", asked(database, searches, by_index), Role.OURS, same_answer=True),
                Contender("LIKE", asked(database, searches, by_like), Role.PEER, same_answer=True),
            ],
            reference=asked(database, searches, by_like),
            units=(len(searches), "searches"),
            against=("LIKE",),
            target=20,
            rounds=3,
        )


def asked(
    database: Database, searches: Sequence[Filters], way: Callable[[Session, Filters], Sequence[str]]
) -> Callable[[], Found]:
    """All searches, each a call of its own."""

    def run() -> Found:
        found = []
        for search in searches:
            with database.transaction(read_only=True) as session:
                found.append(way(session, search))
        return found

    return run


def by_index(session: Session, search: Filters) -> Sequence[str]:
    """As the service does."""
    page = list_objects(session, search, page_size=PAGE, page_token="", order_by="")
    return [each.object_id for each in page.items]


def by_like(session: Session, search: Filters) -> Sequence[str]:
    """As one would without thinking of it."""
    matches = objects.c.name.contains(search.query) if search.query else objects.c.object_id.endswith(search.code_tail)
    if search.tag:
        matches = objects.c.tags.contains(f"|{search.tag}|")
    shown = select(objects).where(matches).order_by(objects.c.object_id).limit(PAGE)
    return [each.object_id for each in session.execute(shown)]
