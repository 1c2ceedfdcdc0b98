"""The overlap of a joint window: 500 draws of 20 thousand objects each, by 60 authorities, out of 3 million objects.

Asked is which objects at least two draws have taken, and which authorities' draws these are. One seed serves all draws
of a window, so they fall together more than chance would have it; here half of each draw comes from the tenth of the
objects with the smallest tickets. PostgreSQL has one row for each object taken, and nothing else to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks.draw import DATABASE, SERVER
from benchmarks.harness import Benchmark, Contender, Role
from services.sampling.model import tickets
from services.sampling.model.overlap import Overlap, Rows, bits_of, overlap, overlap_by_counting

OBJECTS = 3_000_000
DRAWS = 500
EACH = 20_000
AUTHORITIES = 60

BY_MASK = """
select object, bit_or(2::bigint << authority) | 1 from taken group by object having count(*) > 1 order by object
"""
BY_LIST = """
select object, array_agg(distinct authority) from taken group by object having count(*) > 1
"""


def drawn() -> list[Rows]:
    """What each draw has taken, as row numbers of a snapshot of the directory, ascending."""
    random = np.random.default_rng(1)
    near, half = OBJECTS // 10, EACH // 2
    taken = []
    for _ in range(DRAWS):
        together = random.choice(near, half, replace=False)
        apart = near + random.choice(OBJECTS - near, EACH - half, replace=False)
        taken.append(np.sort(np.concatenate([together, apart])).astype(np.int32))
    return taken


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Ours compiled and not, PostgreSQL in two ways, pandas, and one read of all rows as the limit."""
    taken = drawn()
    authority_of = [draw % AUTHORITIES for draw in range(DRAWS)]
    whose = [[authority] for authority in authority_of]

    def ours(compiled: bool) -> object:
        return overlap(taken, whose, OBJECTS, compiled=compiled)

    contenders = [Contender("ours, numpy", lambda: ours(False), Role.OURS, same_answer=True)]
    notes = []
    if tickets.kernels():
        contenders.insert(0, Contender("ours, compiled", lambda: ours(True), Role.OURS, same_answer=True))
    else:
        notes.append("numba is not installed (extra `kernels`)")
    everything = np.concatenate(taken)
    contenders.append(Contender("one pass over all rows", everything.sum, Role.LIMIT))
    contenders += pandas_contenders(everything, authority_of, notes)
    with postgresql_contenders(taken, authority_of, notes) as peers:
        yield Benchmark(
            "overlap",
            f"{DRAWS} draws of {EACH:,} out of {OBJECTS:,} objects, by {AUTHORITIES} authorities",
            [*contenders, *peers],
            reference=lambda: by_counting(taken, whose),
            equal=same,
            units=(DRAWS * EACH, "rows"),
            against=("PostgreSQL, bit mask", "PostgreSQL, list"),
            target=30,
            notes=notes,
        )


def by_counting(taken: Sequence[Rows], whose: Sequence[Sequence[int]]) -> Overlap:
    """The definition's answer, in the form of ours."""
    counted = overlap_by_counting(taken, whose)
    return Overlap(
        np.array([row for row, _ in counted], np.int32), bits_of([numbers for _, numbers in counted]) | np.uint64(1)
    )


def same(one: object, other: object) -> bool:
    """Whether two overlaps are the same."""
    a, b = cast(Overlap, one), cast(Overlap, other)
    return np.array_equal(a.rows, b.rows) and np.array_equal(a.masks, b.masks)


def pandas_contenders(everything: NDArray[Any], authority_of: Sequence[int], notes: list[str]) -> list[Contender]:
    """A data frame in memory, grouped by object."""
    try:
        import pandas as pd
    except ImportError:
        notes.append("pandas is not installed (dependency group `bench`)")
        return []
    frame = pd.DataFrame({"object": everything, "authority": np.repeat(authority_of, EACH)})

    def group() -> object:
        counted = frame.groupby("object")["authority"].agg(["size", "nunique"])
        return counted[counted["size"] > 1]

    return [Contender("pandas groupby", group, Role.PEER)]


@contextmanager
def postgresql_contenders(
    taken: Sequence[Rows], authority_of: Sequence[int], notes: list[str]
) -> Iterator[list[Contender]]:
    """A table in a database of its own, with memory enough to group in; dropped afterwards."""
    try:
        server = psycopg.connect(SERVER, dbname="postgres", autocommit=True)
    except psycopg.OperationalError as unreachable:
        notes.append(f"PostgreSQL is left out: {str(unreachable).splitlines()[0]}")
        yield []
        return
    with server:
        server.execute(f"drop database if exists {DATABASE}")
        server.execute(f"create database {DATABASE}")
        try:
            with psycopg.connect(SERVER, dbname=DATABASE, autocommit=True) as connection:
                load(connection, taken, authority_of)

                def query(sql: str) -> object:
                    return connection.execute(sql).fetchall()

                yield [
                    Contender("PostgreSQL, bit mask", lambda: query(BY_MASK), Role.PEER),
                    Contender("PostgreSQL, list", lambda: query(BY_LIST), Role.PEER),
                ]
        finally:
            server.execute(f"drop database if exists {DATABASE} with (force)")


def load(connection: psycopg.Connection[Any], taken: Sequence[Rows], authority_of: Sequence[int]) -> None:
    """Fill the table, once, and let PostgreSQL know it."""
    connection.execute("set work_mem = '1GB'")
    connection.execute("create unlogged table taken (object int, authority int)")
    with connection.cursor().copy("copy taken from stdin") as copy:
        for rows, authority in zip(taken, authority_of, strict=True):
            copy.write(b"".join([b"%d\t%d\n" % (row, authority) for row in rows.tolist()]))
    connection.execute("vacuum analyze taken")
