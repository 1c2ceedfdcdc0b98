"""Drawing from a whole country: keys and strata lie in files that are mapped into memory, and are passed over once.

LIANGMA_BENCH_OBJECTS says how many objects (10 million unless told; 190 million is what a country has),
LIANGMA_BENCH_FILES where their 18 bytes each go. Shown are the time, beside one pass of AES over the same file, and the
memory of the whole process; pages of the files are not in it, they are the system's to give and to take back.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Benchmark, Contender, Role
from services.sampling.model import tickets
from services.sampling.model.tickets import CHUNK, KEY_BYTES, Drawn, Keys, as_keys, cipher, draw, draw_by_full_sort

OBJECTS = int(os.environ.get("LIANGMA_BENCH_OBJECTS", "10000000"))
FILES = os.environ.get("LIANGMA_BENCH_FILES")
STRATA = 160
SHARE = 0.02
SEED = bytes(range(32))
PART = 1 << 20
SORTABLE = 20_000_000  # objects: above, the full sort takes more memory than a small machine has
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Country:
    """Objects as a snapshot has them, in mapped files; stratum -1: cannot be drawn."""

    keys: Keys
    strata: NDArray[np.int16]
    quotas: list[int]

    @classmethod
    def written_to(cls, directory: Path, objects: int) -> Country:
        """Keys are hashes, so random bytes are like them; two thirds of the objects can be drawn."""
        random = np.random.default_rng(1)
        shares = random.uniform(0.3, 1.7, STRATA) / 3 * 2 / STRATA
        with (directory / "keys").open("wb") as keys, (directory / "strata").open("wb") as strata:
            for start in range(0, objects, PART):
                part = min(PART, objects - start)
                keys.write(random.bytes(KEY_BYTES * part))
                chosen = np.searchsorted(np.cumsum(shares), random.random(part)).astype(np.int16)
                strata.write(np.where(chosen < STRATA, chosen, -1).astype(np.int16).tobytes())
        quotas = (SHARE * objects * shares).astype(int).tolist()
        mapped = np.memmap(directory / "keys", np.uint8, "r")
        return cls(as_keys(mapped.data), np.memmap(directory / "strata", np.int16, "r"), quotas)


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Ours compiled and not, and one pass of AES as the limit."""
    directory = Path(tempfile.mkdtemp(dir=FILES))
    try:
        country = Country.written_to(directory, OBJECTS)

        def ours(compiled: bool) -> Drawn:
            return draw(country.keys, country.strata, country.quotas, SEED, compiled=compiled)

        def reference() -> Drawn:
            if OBJECTS > SORTABLE:
                return ours(False)
            return draw_by_full_sort(country.keys, country.strata, country.quotas, SEED)

        contenders = [Contender("ours, numpy", lambda: ours(False), Role.OURS, same_answer=True)]
        compiled = tickets.kernels() is not None
        if compiled:
            contenders.insert(0, Contender("ours, compiled", lambda: ours(True), Role.OURS, same_answer=True))
        contenders.append(Contender("AES-256 of all keys", lambda: encrypt_all(country), Role.LIMIT))
        yield Benchmark(
            "draw_large",
            f"{sum(country.quotas):,} of {OBJECTS:,} objects in {STRATA} strata, from {18 * OBJECTS >> 20:,} MiB",
            contenders,
            reference=reference,
            equal=same,
            units=(OBJECTS, "objects"),
            rounds=3,
            notes=[] if compiled else ["numba is not installed (extra `kernels`)"],
            afterwards=lambda: [f"  memory while drawing: {memory_of(lambda: ours(compiled)) >> 20:,} MiB"],
        )
    finally:
        shutil.rmtree(directory)


def same(one: object, other: object) -> bool:
    """Whether two draws are the same."""
    a, b = cast(Drawn, one), cast(Drawn, other)
    return all(np.array_equal(x, y) for x, y in zip(a.winners, b.winners, strict=True))


def encrypt_all(country: Country) -> None:
    """What nobody can save who draws by LM-DRAW-1."""
    encrypt, source = cipher(SEED).update_into, country.keys.reshape(-1).data
    out = bytearray(KEY_BYTES * (CHUNK + 1))
    for start in range(0, len(source), KEY_BYTES * CHUNK):
        encrypt(source[start : start + KEY_BYTES * CHUNK], out)


def memory_of(work: Callable[[], object]) -> int:
    """Bytes that the process has for itself while it does some work, at most; 0 where the system does not tell."""
    if not STATUS.exists():
        return 0
    done, seen = threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.002):
            seen.append(anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return max(seen)


def anonymous() -> int:
    """Bytes of memory that are no file's."""
    line = next(line for line in STATUS.read_text("ascii").splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) << 10
