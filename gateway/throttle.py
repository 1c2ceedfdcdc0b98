"""How often one account, and one address, may ask."""

from __future__ import annotations

import time
from collections.abc import Mapping

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.storage import storage_from_string

from gateway.problems import Problem


class Throttle:
    """Counts requests and refuses what is too many.

    Args:
        storage: a `limits` URL, e.g. `async+memory://`.
        limits: by kind of key, e.g. `{"address": "100/second;6000/minute"}`; an empty one never refuses.
    """

    def __init__(self, storage: str, limits: Mapping[str, str]) -> None:
        counted = storage_from_string(storage)
        if not isinstance(counted, Storage):
            raise TypeError(f"rate limits need an async storage, not {storage!r}")
        self._limiter = SlidingWindowCounterRateLimiter(counted)
        self._limits: dict[str, list[RateLimitItem]] = {k: parse_many(text) for k, text in limits.items() if text}

    async def admit(self, kind: str, key: str) -> None:
        """Count one request.

        Raises:
            Problem: it is one too many.
        """
        for limit in self._limits.get(kind, ()):
            if not await self._limiter.hit(limit, kind, key):
                window = await self._limiter.get_window_stats(limit, kind, key)
                raise _too_many(limit, max(1, round(window.reset_time - time.time())))


def _too_many(limit: RateLimitItem, seconds: int) -> Problem:
    return Problem(
        "RESOURCE_EXHAUSTED",
        "TOO_MANY_REQUESTS",
        f"请求过于频繁，请在 {seconds} 秒后重试",
        f"too many requests ({limit}); try again in {seconds} s",
        metadata={"limit": str(limit)},
        headers={"retry-after": str(seconds)},
    )
