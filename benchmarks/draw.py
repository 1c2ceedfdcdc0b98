"""Drawing 48 000 of 3 000 000 objects from 160 strata, beside what somebody would use who does not care for proof.

Two thirds of the objects can be drawn. PostgreSQL has a directory with its usual columns and an index on the stratum;
it is also shown with a table that holds nothing but what this one draw needs, indexed for it, which nobody has: strata
are made up for each draw.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks.harness import Benchmark, Contender, Role
from services.command.sample_data import codes, digits
from services.sampling.model import tickets
from services.sampling.model.tickets import CHUNK, KEY_BYTES, Drawn, Keys, cipher, draw, draw_by_full_sort, octets

OBJECTS = 3_000_000
STRATA = 160
EACH = 300
ELIGIBLE = 2 / 3
SEED = bytes(range(32))

SERVER = os.environ.get("LIANGMA_BENCH_DATABASE", "host=127.0.0.1 port=5432 user=postgres connect_timeout=3")
DATABASE = "liangma_bench"

WINDOW = f"""
select id from (select id, row_number() over (partition by stratum order by random()) as place
                from objects where eligible) as ranked
where place <= {EACH}
"""
LATERAL = f"""
select drawn.id from generate_series(0, {STRATA - 1}) as each(stratum) cross join lateral
(select id from objects where objects.stratum = each.stratum and eligible order by random() limit {EACH}) as drawn
"""
DIRECTORY = """
create unlogged table objects as
select id, '重庆' || substr(id, 9, 8) || '餐饮管理有限公司' as name, '500112' as region, 'H6210' as industry,
       '重庆市渝北区人民路' || right(id, 3) || '号' as address, 'ACTIVE' as registration_status,
       '餐饮服务、食品经营' as tags, now() as updated_at,
       stratum >= 0 as eligible, case when stratum < 0 then hashtext(id) & 127 else stratum end as stratum
from drawn_from;
create unlogged table eligible_objects as select id, stratum, true as eligible from drawn_from where stratum >= 0;
create index on objects (stratum);
create index on eligible_objects (stratum) include (id, eligible);
drop table drawn_from;
"""
COVERED = LATERAL.replace(
    "from objects where objects.stratum", "from eligible_objects as objects where objects.stratum"
)


@dataclass(frozen=True)
class City:
    """Objects as a snapshot of the directory has them: columns, sorted by id; stratum -1: cannot be drawn."""

    ids: NDArray[np.bytes_]
    keys: Keys
    strata: NDArray[np.int16]

    @classmethod
    def made_up(cls) -> City:
        """Strata of different sizes, the smallest a few thousand."""
        random = np.random.default_rng(1)
        ids = np.sort(np.array(codes(digits("91500112"), 0, OBJECTS, 1), "S18"))
        shares = random.uniform(0.3, 1.7, STRATA)
        strata = random.choice(STRATA, OBJECTS, p=shares / shares.sum()).astype(np.int16)
        strata[random.random(OBJECTS) >= ELIGIBLE] = -1
        return cls(ids, tickets.keys(id.decode() for id in ids.tolist()), strata)

    def ids_of(self, drawn: Drawn) -> NDArray[np.bytes_]:
        """Who was drawn, in order."""
        return self.ids[np.concatenate(drawn.winners)]


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Ours compiled and not, the full sort, PostgreSQL in two ways, pandas, and one pass of AES as the limit."""
    city = City.made_up()
    quotas = [EACH] * STRATA

    def ours(compiled: bool) -> object:
        return city.ids_of(draw(city.keys, city.strata, quotas, SEED, compiled=compiled))

    def by_full_sort() -> object:
        return city.ids_of(draw_by_full_sort(city.keys, city.strata, quotas, SEED))

    contenders = [Contender("ours, numpy", lambda: ours(False), Role.OURS, same_answer=True)]
    notes = []
    if tickets.kernels():
        contenders.insert(0, Contender("ours, compiled", lambda: ours(True), Role.OURS, same_answer=True))
    else:
        notes.append("numba is not installed (extra `kernels`)")
    contenders.append(Contender("full sort", by_full_sort, Role.OURS, same_answer=True))
    contenders.append(Contender("AES-256 of all keys", lambda: encrypt_all(city), Role.LIMIT))
    contenders += pandas_contenders(city, notes)
    with postgresql_contenders(city, notes) as peers:
        yield Benchmark(
            "draw",
            f"{STRATA * EACH:,} of {OBJECTS:,} objects in {STRATA} strata; ours and the full sort can be verified",
            [*contenders, *peers],
            reference=by_full_sort,
            equal=lambda a, b: np.array_equal(cast(Any, a), cast(Any, b)),
            units=(OBJECTS, "objects"),
            against=("PostgreSQL, window", "PostgreSQL, lateral"),
            target=60,
            notes=notes,
        )


def encrypt_all(city: City) -> None:
    """What nobody can save who draws by LM-DRAW-1: every ticket once, forgotten at once."""
    encrypt, source, out = cipher(SEED).update_into, octets(city.keys), bytearray(KEY_BYTES * (CHUNK + 1))
    for start in range(0, len(source), KEY_BYTES * CHUNK):
        encrypt(source[start : start + KEY_BYTES * CHUNK], out)


def pandas_contenders(city: City, notes: list[str]) -> list[Contender]:
    """A data frame in memory, sampled by group."""
    try:
        import pandas as pd
    except ImportError:
        notes.append("pandas is not installed (dependency group `bench`)")
        return []
    frame = pd.DataFrame({"row": np.arange(OBJECTS), "stratum": city.strata})
    random = np.random.default_rng(2)

    def sample() -> object:
        eligible = frame[frame["stratum"] >= 0]
        return city.ids[eligible.groupby("stratum").sample(n=EACH, random_state=random)["row"].to_numpy()]

    return [Contender("pandas groupby sample", sample, Role.PEER)]


@contextmanager
def postgresql_contenders(city: City, notes: list[str]) -> Iterator[list[Contender]]:
    """A table in a database of its own, with memory enough to sort in; dropped afterwards."""
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
                load(connection, city)

                def query(sql: str) -> object:
                    return connection.execute(sql).fetchall()

                yield [
                    Contender("PostgreSQL, window", lambda: query(WINDOW), Role.PEER),
                    Contender("PostgreSQL, lateral", lambda: query(LATERAL), Role.PEER),
                    Contender("PostgreSQL, table made for it", lambda: query(COVERED), Role.PEER),
                ]
        finally:
            server.execute(f"drop database if exists {DATABASE} with (force)")


def load(connection: psycopg.Connection[Any], city: City) -> None:
    """Fill the tables, once, and let PostgreSQL know them."""
    connection.execute("set work_mem = '1GB'")
    connection.execute("create unlogged table drawn_from (id text, stratum int)")
    with connection.cursor().copy("copy drawn_from from stdin") as copy:
        for start in range(0, OBJECTS, 100_000):
            ids, strata = city.ids[start : start + 100_000].tolist(), city.strata[start : start + 100_000].tolist()
            copy.write(b"".join([b"%s\t%d\n" % row for row in zip(ids, strata, strict=True)]))
    connection.execute(DIRECTORY)
    connection.execute("vacuum analyze objects")
    connection.execute("vacuum analyze eligible_objects")
