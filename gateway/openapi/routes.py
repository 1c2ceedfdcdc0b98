"""`/openapi.json` and `/docs`: made once, on first request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.context import context_of
from gateway.openapi.comments import Comments
from gateway.openapi.document import Document, operations_of
from gateway.pages.rendering import Pages
from gateway.transcoder.contract import Contract

_CACHING = {"cache-control": "public, max-age=300"}


def documentation_routes(
    contract: Contract, pages: Pages, server: str, comments: Callable[[], Comments] = Comments.installed
) -> list[Route]:
    """`/openapi.json` for programs and `/docs` for people."""

    @cache
    def document() -> dict[str, Any]:
        return Document(contract, comments(), _version(), server).build()

    @cache
    def as_json() -> bytes:
        return orjson.dumps(document())

    async def openapi(_: Request) -> Response:
        return Response(await asyncio.to_thread(as_json), media_type="application/json", headers=_CACHING)

    async def docs(request: Request) -> Response:
        return await asyncio.to_thread(_page, request)

    def _page(request: Request) -> Response:
        built = document()
        groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in built["tags"]}
        for path, method, operation in operations_of(built):
            groups[operation["tags"][0]].append((path, method, operation))
        return pages.page("docs.html", context_of(request.scope), document=built, groups=groups)

    return [Route("/openapi.json", openapi), Route("/docs", docs)]


def _version() -> str:
    try:
        return version("liangma")
    except PackageNotFoundError:
        return "0"
