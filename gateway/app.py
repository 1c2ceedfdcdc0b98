"""The gateway, put together from its parts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from gateway.access_log import Log, nowhere
from gateway.backends import Backends
from gateway.context import context_of
from gateway.edge import Edge
from gateway.health import health_routes
from gateway.identity.gate import Gate
from gateway.identity.issuer import Issuer
from gateway.identity.keys import Keys
from gateway.identity.oidc import Provider
from gateway.identity.people import People
from gateway.identity.tokens import Tokens
from gateway.openapi.comments import Comments
from gateway.openapi.routes import documentation_routes
from gateway.pages.public import PublicPages
from gateway.pages.rendering import STATIC, Pages
from gateway.problems import Problem
from gateway.settings import GatewaySettings, address_of
from gateway.sign_in import Cookie, SignIn
from gateway.throttle import Throttle
from gateway.transcoder.contract import Contract
from gateway.transcoder.endpoint import Transcoder


def build(
    settings: GatewaySettings,
    contract: Contract,
    *,
    address: Callable[[str], str] = address_of,
    comments: Callable[[], Comments] = Comments.installed,
    client: httpx.AsyncClient | None = None,
    log: Log = nowhere,
) -> ASGIApp:
    """The whole application.

    Args:
        settings: all that can be chosen.
        contract: what is served.
        address: where each service answers.
        comments: what the contract says in words.
        client: asks the identity provider.
        log: takes one line per request.
    """
    client = client or httpx.AsyncClient(timeout=10)
    keys, pages, throttle = Keys(settings.jwks, client), Pages(), _throttle(settings)
    tokens, cookie = Tokens(keys, settings.oidc_issuer, settings.oidc_audience), Cookie.of(settings.is_https)
    addresses = {service: address(service) for service in contract.service_names}
    backends = Backends(addresses, settings.grpc_authority, settings.gateway_timeout, settings.gateway_stream_timeout)
    transcoder = Transcoder(contract, backends, settings.body_limit, settings.upload_limit)
    routes: list[BaseRoute] = [
        transcoder,
        *health_routes(backends),
        *_sign_in(settings, tokens, throttle, cookie, pages, keys, client).routes(),
        *documentation_routes(contract, pages, settings.public_url, comments),
        *PublicPages(contract, transcoder, pages).routes(),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
    ]
    lifespan = _closing(backends.close, client.aclose)
    router = Router([_named(route) for route in routes], redirect_slashes=False, default=_nowhere, lifespan=lifespan)
    traced = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    gate = Gate(tokens, throttle, cookie.name)
    return Edge(router, gate, pages.problem, settings.public_url, log, traced=traced)


def _throttle(settings: GatewaySettings) -> Throttle:
    limits = {
        "principal": settings.rate_limit_principal,
        "address": settings.rate_limit_address,
        "sign_in": settings.rate_limit_sign_in,
    }
    return Throttle(settings.rate_limit_storage, limits)


def _closing(*ends: Callable[[], Awaitable[None]]) -> Lifespan[Any]:
    """A lifespan that ends these when the application ends."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        for end in ends:
            await end()

    return lifespan


def _sign_in(
    settings: GatewaySettings,
    tokens: Tokens,
    throttle: Throttle,
    cookie: Cookie,
    pages: Pages,
    keys: Keys,
    client: httpx.AsyncClient,
) -> SignIn:
    issuer = people = provider = None
    if settings.sign_in == "embedded":
        people = People(settings.people)
        issuer = Issuer(settings.identity_dir, settings.oidc_issuer, settings.oidc_audience, settings.session_seconds)
    elif settings.sign_in == "oidc":
        provider = Provider(
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret,
            settings.oidc_scope,
            f"{settings.public_url.rstrip('/')}/sign-in/callback",
            keys,
            client,
        )
    return SignIn(tokens, throttle, cookie, pages, settings.public_url, issuer, people, provider, settings.oidc_token)


def _named(route: BaseRoute) -> BaseRoute:
    """A route whose requests are logged under its path as it is written, never as it was asked for."""
    if isinstance(route, Route | Mount):
        app, path = route.app, route.path

        async def named(scope: Scope, receive: Receive, send: Send) -> None:
            context_of(scope).route = path
            await app(scope, receive, send)

        route.app = named
    return route


async def _nowhere(scope: Scope, _receive: Receive, _send: Send) -> None:
    if scope["type"] == "http":
        raise Problem(
            "NOT_FOUND", "NO_SUCH_ROUTE", "没有这个地址，请检查拼写", "there is nothing at this address; see /docs"
        )
