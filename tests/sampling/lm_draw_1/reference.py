"""LM-DRAW-1 as slowly and plainly as it can be said: one object at a time, no arrays. What the fast one must equal."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def ticket(seed: bytes, key: bytes) -> int:
    return int.from_bytes(Cipher(algorithms.AES(seed), modes.ECB()).encryptor().update(key), "big")


def draw(
    frame_csv: bytes, quotas: dict[str, int], seed: bytes, substitutes: int = 0
) -> dict[str, tuple[list[str], list[str]]]:
    """Winners and substitutes by stratum."""
    objects = [line.split(",") for line in frame_csv.decode().splitlines()]
    result = {}
    for name in {stratum for _, stratum in objects} | set(quotas):
        ids = [id for id, stratum in objects if stratum == name]
        ids.sort(key=lambda one: (ticket(seed, hashlib.sha256(one.encode()).digest()[:16]), one.encode()))
        quota = quotas.get(name, 0)
        result[name] = (ids[:quota], ids[quota : quota + substitutes])
    return result


def draw_rows(
    keys: list[bytes], strata: list[int], quotas: list[int], seed: bytes, substitutes: int
) -> tuple[list[list[int]], list[list[int]]]:
    """The same over keys; equal tickets by row; negative strata are not in the frame."""
    winners, spare = [], []
    for stratum, quota in enumerate(quotas):
        rows = [row for row, other in enumerate(strata) if other == stratum]
        rows.sort(key=lambda row: (ticket(seed, keys[row]), row))
        winners.append(rows[:quota])
        spare.append(rows[quota : quota + substitutes])
    return winners, spare
