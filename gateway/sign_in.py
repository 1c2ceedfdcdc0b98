"""Signing in and out: a page for people, an endpoint for programs, and the cookie between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.bodies import read_body
from gateway.context import Caller, context_of
from gateway.identity.gate import cookies_of, require_same_origin
from gateway.identity.issuer import Issuer
from gateway.identity.oidc import Flow, Provider, sign_in_failed
from gateway.identity.people import OVERRIDABLE, People
from gateway.identity.tokens import Tokens
from gateway.pages.rendering import Pages
from gateway.problems import Problem, Violation, invalid
from gateway.throttle import Throttle
from gateway.transcoder.endpoint import sign_in_needed
from gateway.transcoder.requests import require_json

_FLOW_COOKIE = "liangma_sign_in"
_FLOW_SECONDS = 600
_GREATEST_COOKIE = 4000  # bytes; browsers drop greater ones in silence
_BODY_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Cookie:
    """The session cookie.

    Args:
        name: its name.
        secure: whether it goes over TLS only.
    """

    name: str
    secure: bool

    @classmethod
    def of(cls, is_https: bool) -> Cookie:
        """Where there is TLS, one that no other host can set."""
        return cls("__Host-liangma-session" if is_https else "liangma-session", is_https)

    def put(self, reply: Response, token: str, seconds: int | None) -> None:
        """Give a browser its session."""
        if len(token) > _GREATEST_COOKIE:
            raise sign_in_failed(
                "登录凭证过大，浏览器无法保存", "the token is too large for a cookie; ask for fewer claims"
            )
        reply.set_cookie(self.name, token, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def drop(self, reply: Response) -> None:
        """Take it back."""
        reply.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")


class SignIn:
    """Sign-in with whoever proves people's identity here: the embedded issuer, an OIDC provider, or nobody.

    Args:
        tokens: verifies what a provider gives.
        throttle: counts sign-ins.
        cookie: the session's.
        pages: renders.
        public_url: where browsers reach us.
        issuer: the embedded one.
        people: whom it knows.
        provider: an OIDC provider.
        provided: which of the provider's tokens is the session.
    """

    def __init__(
        self,
        tokens: Tokens,
        throttle: Throttle,
        cookie: Cookie,
        pages: Pages,
        public_url: str,
        issuer: Issuer | None = None,
        people: People | None = None,
        provider: Provider | None = None,
        provided: str = "access_token",
    ) -> None:
        self._tokens = tokens
        self._throttle = throttle
        self._cookie = cookie
        self._pages = pages
        self._public_url = public_url
        self._issuer = issuer
        self._people = people
        self._provider = provider
        self._provided = provided

    def routes(self) -> list[Route]:
        """`/sign-in…`, `/sign-out`, `/v1/session`, and the embedded issuer's keys."""
        return [
            Route("/sign-in", self.begin, methods=["GET"]),
            Route("/sign-in", self.choose, methods=["POST"], max_body_size=_BODY_LIMIT),
            Route("/sign-in/callback", self.callback),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/v1/session", self.who_am_i, methods=["GET"]),
            Route("/v1/session", self.session, methods=["POST"]),
            Route("/v1/session", self.forget, methods=["DELETE"]),
            Route("/.well-known/jwks.json", self.jwks),
        ]

    async def begin(self, request: Request) -> Response:
        """The page that offers the demo's people, or the way to the provider."""
        next = local(request.query_params.get("next", "/"))
        if self._provider is not None:
            await self._count(request)
            flow = Flow.begin(next)
            reply = RedirectResponse(await self._provider.authorization_url(flow), 303)
            reply.set_cookie(
                _FLOW_COOKIE,
                flow.sealed(),
                max_age=_FLOW_SECONDS,
                path="/sign-in",
                secure=self._cookie.secure,
                httponly=True,
                samesite="lax",
            )
            return reply
        people = self._embedded()[1].all()
        return self._pages.page("sign_in.html", context_of(request.scope), people=people, next=next)

    async def choose(self, request: Request) -> Response:
        """A person of the demo signs in on the page."""
        context = context_of(request.scope)
        require_same_origin(context)
        issuer, _ = self._embedded()
        form = await request.form(max_fields=20, max_files=0)
        given = {name: text for name, text in form.items() if isinstance(text, str) and text.strip()}
        token = await self._sign(request, {k: v.strip() for k, v in given.items() if k != "next"})
        reply = RedirectResponse(local(given.get("next", "/")), 303)
        self._cookie.put(reply, token, issuer.seconds)
        return reply

    async def callback(self, request: Request) -> Response:
        """The provider sends a browser back."""
        if self._provider is None:
            raise _not_offered()
        context = context_of(request.scope)
        flow = Flow.opened(cookies_of(context.headers.get("cookie", "")).get(_FLOW_COOKIE, ""))
        tokens = await self._provider.tokens(flow, dict(request.query_params))
        token = str(tokens.get(self._provided, ""))
        try:
            caller = await self._tokens.caller(token)
        except Problem as problem:
            raise sign_in_failed(
                "该身份提供方签发的凭证不适用于本平台", f"the token is not for this platform: {problem.en}"
            ) from problem
        reply = RedirectResponse(flow.next, 303)
        self._cookie.put(reply, token, _seconds_left(caller))
        reply.delete_cookie(_FLOW_COOKIE, path="/sign-in")
        return reply

    async def sign_out(self, request: Request) -> Response:
        """Forget the session, here and at the provider."""
        require_same_origin(context_of(request.scope))
        to = "/" if self._provider is None else await self._provider.end_session_url(self._public_url)
        reply = RedirectResponse(to, 303)
        self._cookie.drop(reply)
        return reply

    async def session(self, request: Request) -> Response:
        """A token for a person of the demo."""
        issuer, _ = self._embedded()
        context = context_of(request.scope)
        require_json(context.headers)
        given = _strings(await read_body(request.receive, context.headers, _BODY_LIMIT))
        return JSONResponse(
            {"token": await self._sign(request, given), "expires_in": issuer.seconds},
            headers={"cache-control": "no-store"},
        )

    async def who_am_i(self, request: Request) -> Response:
        """Who is signed in."""
        caller = context_of(request.scope).caller
        if caller is None:
            raise sign_in_needed()
        claims = {name: caller.claims.get(name) or "" for name in OVERRIDABLE}
        who = {"person": caller.subject, **claims, "roles": list(caller.claims.get("roles") or ())}
        return JSONResponse(who | {"exp": caller.claims["exp"]}, headers={"cache-control": "no-store"})

    async def forget(self, _: Request) -> Response:
        """Forget the session cookie."""
        reply = Response(status_code=204)
        self._cookie.drop(reply)
        return reply

    async def jwks(self, _: Request) -> Response:
        """The embedded issuer's public key."""
        return JSONResponse(self._embedded()[0].jwks, headers={"cache-control": "public, max-age=300"})

    def _embedded(self) -> tuple[Issuer, People]:
        if self._issuer is None or self._people is None:
            raise _not_offered()
        return self._issuer, self._people

    async def _sign(self, request: Request, given: Mapping[str, str]) -> str:
        await self._count(request)
        issuer, people = self._embedded()
        unknown = [name for name in given if name != "person" and name not in OVERRIDABLE]
        if unknown:
            raise invalid([Violation(n, "UNKNOWN_FIELD", "没有这个字段", "there is no such field") for n in unknown])
        if not given.get("person"):
            raise invalid([Violation("person", "REQUIRED", "person 为必填项", "person is required")])
        chosen = {name: text for name, text in given.items() if name != "person" and text}
        return issuer.token(*people.get(given["person"]).signs_in(chosen))

    async def _count(self, request: Request) -> None:
        await self._throttle.admit("sign_in", request.client.host if request.client else "")


def local(next: str) -> str:
    """A path on this site to go to; anything else is the start page."""
    parts = urlsplit(next)
    is_local = next.startswith("/") and not next.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return next if is_local and "\\" not in next and next.isprintable() else "/"


def _strings(body: bytes) -> dict[str, str]:
    try:
        given = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise invalid(
            [Violation("", "JSON", "请求体不是有效的 JSON", f"the body is not valid JSON: {error}")]
        ) from error
    if not isinstance(given, dict):
        raise invalid([Violation("", "OBJECT", "应为 JSON 对象", "must be a JSON object")])
    wrong = [name for name, value in given.items() if not isinstance(value, str)]
    if wrong:
        raise invalid([Violation(name, "STRING", "应为字符串", "must be a string") for name in wrong])
    return given


def _seconds_left(caller: Caller) -> int | None:
    issued = caller.claims.get("iat")
    return int(caller.claims["exp"] - issued) if issued else None


def _not_offered() -> Problem:
    return Problem(
        "NOT_FOUND",
        "SIGN_IN_NOT_OFFERED",
        "本系统未启用此登录方式",
        "this way to sign in is not offered here; send a bearer token of the configured issuer",
    )
