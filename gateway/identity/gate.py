"""Every request passes here: how often its address asks, who it is from, how often they ask."""

from __future__ import annotations

from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.types import Scope

from gateway.context import Caller, Context
from gateway.identity.tokens import Tokens, bad_token
from gateway.problems import Problem
from gateway.throttle import Throttle

_SAFE = ("GET", "HEAD", "OPTIONS")


class Gate:
    """Admits requests.

    Args:
        tokens: verifies them.
        throttle: counts requests.
        cookie: name of the session cookie.
    """

    def __init__(self, tokens: Tokens, throttle: Throttle, cookie: str) -> None:
        self._tokens = tokens
        self._throttle = throttle
        self._cookie = cookie

    async def admit(self, scope: Scope, context: Context) -> Caller | None:
        """Who asks; None: nobody signed in.

        Raises:
            Problem: too many requests, a bad token, or a browser led here by another site.
        """
        client = scope.get("client")
        await self._throttle.admit("address", client[0] if client else "")
        caller = await self._caller(context)
        if caller is not None:
            if caller.by_cookie and scope["method"] not in _SAFE:
                require_same_origin(context)
            await self._throttle.admit("principal", caller.subject)
        return caller

    async def _caller(self, context: Context) -> Caller | None:
        authorization = context.headers.get("authorization", "")
        if authorization:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise bad_token("the Authorization header is not `Bearer <token>`")
            return await self._tokens.caller(token.strip())
        if "cookie" in context.headers:
            return await self._from_cookie(context.headers["cookie"])
        return None

    async def _from_cookie(self, header: str) -> Caller | None:
        """Who a session cookie names; an old or broken one names nobody, so that its owner can still see pages."""
        token = cookies_of(header).get(self._cookie, "")
        if not token:
            return None
        try:
            return replace(await self._tokens.caller(token), by_cookie=True)
        except Problem as problem:
            if problem.code != "UNAUTHENTICATED":
                raise
            return None


def cookies_of(header: str) -> dict[str, str]:
    """The cookies of a Cookie header."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def require_same_origin(context: Context) -> None:
    """Refuse what a browser sends because another site told it to.

    Raises:
        Problem: the request comes from another site, or does not say where it comes from.
    """
    headers = context.headers
    site = headers.get("sec-fetch-site")
    if site is not None:
        own = site in ("same-origin", "none")
    else:
        own = urlsplit(headers.get("origin", "")).netloc == headers.get("host", "-")
    if not own:
        raise Problem(
            "PERMISSION_DENIED",
            "CROSS_SITE_REQUEST",
            "请求来自其他网站，已拒绝",
            "the request comes from another site; send a bearer token, or ask from a page of this one",
        )
