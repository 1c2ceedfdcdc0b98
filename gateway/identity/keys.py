"""The issuer's published keys (JWKS), from a URL or a file, read again when an unknown key appears."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt

from gateway.problems import Problem

_REREAD_AFTER = 10.0  # seconds between two readings of a URL, however many unknown keys are shown to us
_RETRY_AFTER = 1.0  # seconds after a reading that failed


class UnknownKey(Exception):
    """The issuer publishes no key of this id."""


class Keys:
    """Keys of one issuer.

    Args:
        source: URL or path of the JWKS.
        client: fetches a URL.
        clock: seconds, monotonic.
    """

    def __init__(self, source: str, client: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._client = client
        self._clock = clock
        self._known: dict[str, jwt.PyJWK] = {}
        self._next_reading = -math.inf
        self._failed = False
        self._lock = asyncio.Lock()

    async def get(self, kid: str) -> jwt.PyJWK:
        """The key with this id.

        Raises:
            UnknownKey: there is none.
            Problem: the keys cannot be had just now.
        """
        if kid not in self._known:
            async with self._lock:
                if kid not in self._known:
                    await self._refresh()
        try:
            return self._known[kid]
        except KeyError:
            raise UnknownKey(kid) from None

    async def _refresh(self) -> None:
        if self._clock() >= self._next_reading:
            try:
                self._known = _parse(await self._read())
                self._failed, patience = False, _REREAD_AFTER if self._is_remote else 0.0
            except (httpx.HTTPError, OSError, ValueError):
                self._failed, patience = True, _RETRY_AFTER
            self._next_reading = self._clock() + patience
        if self._failed:
            raise _unreadable()

    @property
    def _is_remote(self) -> bool:
        return self._source.startswith(("http://", "https://"))

    async def _read(self) -> Any:
        if self._is_remote:
            reply = await self._client.get(self._source)
            return reply.raise_for_status().json()
        return json.loads(await asyncio.to_thread(Path(self._source).read_bytes))


def _unreadable() -> Problem:
    return Problem(
        "UNAVAILABLE",
        "IDENTITY_PROVIDER_UNAVAILABLE",
        "暂时无法核验登录凭证，请稍后重试",
        "tokens cannot be verified just now: the issuer's keys cannot be read; try again later",
        headers={"retry-after": "5"},
    )


def _parse(published: Any) -> dict[str, jwt.PyJWK]:
    try:
        return {str(key.key_id or ""): key for key in jwt.PyJWKSet.from_dict(published).keys}
    except (jwt.PyJWTError, AttributeError, TypeError):
        return {}
