"""Bearer tokens: verified at the door, so that a bad one is told so early; services verify them again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import jwt

from gateway.context import Caller
from gateway.identity.keys import Keys, UnknownKey
from gateway.problems import Problem

ALGORITHMS = ["EdDSA", "ES256", "RS256", "PS256"]
_REMEMBERED = 10_000
_LEEWAY = 5  # seconds by which clocks may differ


def bad_token(why: str) -> Problem:
    """The refusal of a token that proves nothing."""
    return Problem(
        "UNAUTHENTICATED",
        "BAD_TOKEN",
        "登录凭证无效或已过期，请重新登录",
        f"the token is not valid: {why}; sign in again",
        headers={"www-authenticate": 'Bearer error="invalid_token"'},
    )


class Tokens:
    """Verifies tokens and remembers the good ones until they expire.

    Args:
        keys: the issuer's.
        issuer: what `iss` must be.
        audience: what `aud` must hold.
        clock: seconds since 1970.
    """

    def __init__(self, keys: Keys, issuer: str, audience: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._good: OrderedDict[str, Caller] = OrderedDict()

    async def caller(self, token: str) -> Caller:
        """Who a token proves the bearer to be.

        Raises:
            Problem: it proves nobody, or the issuer's keys cannot be had.
        """
        known = self._good.get(token)
        if known is not None and known.claims["exp"] + _LEEWAY > self._clock():
            return known
        caller = await self._verify(token)
        self._good[token] = caller
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)
        return caller

    async def _verify(self, token: str) -> Caller:
        try:
            key = await self._keys.get(str(jwt.get_unverified_header(token).get("kid") or ""))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY,
                options={"require": ["exp", "sub"]},
            )
        except UnknownKey as error:
            raise bad_token(f"its issuer publishes no key {str(error)!r}") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise bad_token(str(error)) from error
        return Caller(token, str(claims["sub"]), claims)
