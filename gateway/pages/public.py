"""Pages that need no sign-in: what a code is, what is disclosed, how a draw came about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.context import Context, context_of
from gateway.pages.rendering import Pages
from gateway.pages.words import DISCLOSURE_KINDS, RECEIPT_VERDICTS, STEPS, VERDICTS, facts_for_people
from gateway.problems import Problem
from gateway.transcoder.contract import Contract
from gateway.transcoder.endpoint import Transcoder

CHECK_CODE = "liangma.codes.v1.CodesService/CheckInspectionCode"
CHECK_RECEIPT = "liangma.codes.v1.ReceiptsService/CheckReceipt"
SEARCH = "liangma.credit.v1.DisclosuresService/SearchDisclosures"
TRANSCRIPT = "liangma.sampling.v1.DrawsService/GetTranscript"
_PAGE_SIZE = 20
_SHOWN_OBJECTS = 50
_CODE_TEXT = re.compile(r"[A-Za-z2-7]{1,4000}(/[A-Za-z2-7]{24})?")
_RECEIPT_TEXT = re.compile(r"[A-Za-z2-7]{1,4000}")


class PublicPages:
    """The public pages.

    Args:
        contract: what can be asked.
        transcoder: asks.
        pages: renders.
    """

    def __init__(self, contract: Contract, transcoder: Transcoder, pages: Pages) -> None:
        self._contract = contract
        self._transcoder = transcoder
        self._pages = pages

    def routes(self) -> list[Route]:
        """`/`, `/V/{code}` (presented: with its proof), `/R/{receipt}`, `/public…`, `/robots.txt`."""
        return [
            Route("/", self.home),
            Route("/V/{code}", self.code),
            Route("/V/{code}/{proof}", self.code),
            Route("/R/{receipt}", self.receipt),
            Route("/public", self.search),
            Route("/public/draws/{draw_id}", self.draw),
            Route("/public/verify", self.verify),
            Route("/robots.txt", self.robots),
        ]

    async def home(self, request: Request) -> Response:
        """The start page."""
        return self._pages.page("home.html", context_of(request.scope))

    async def code(self, request: Request) -> Response:
        """What the code is that a phone's camera has just read."""
        context = context_of(request.scope)
        text = "/".join(request.path_params.values())
        if _CODE_TEXT.fullmatch(text):
            reply = await self._ask(CHECK_CODE, context, text=text)
            check = self._transcoder.as_json(reply)
        else:
            check = {
                "verdict": "VERDICT_MALFORMED",
                "messageZh": "",
                "inspectors": [],
                "authorities": [],
                "matters": [],
            }
        verdict = VERDICTS.get(check["verdict"], VERDICTS["VERDICT_MALFORMED"])
        return self._pages.page(
            "code.html", context, check=check, verdict=verdict, steps=STEPS[verdict.tone], headers=_UNLISTED
        )

    async def receipt(self, request: Request) -> Response:
        """What the receipt of mutual verification is that a phone's camera has just read."""
        context = context_of(request.scope)
        text = request.path_params["receipt"]
        check = {"verdict": "VERDICT_MALFORMED", "messageZh": ""}
        if _RECEIPT_TEXT.fullmatch(text):
            check = self._transcoder.as_json(await self._ask(CHECK_RECEIPT, context, text=text))
        verdict = RECEIPT_VERDICTS.get(check["verdict"], RECEIPT_VERDICTS["VERDICT_MALFORMED"])
        return self._pages.page("receipt.html", context, check=check, verdict=verdict, headers=_UNLISTED)

    async def search(self, request: Request) -> Response:
        """What is disclosed."""
        context = context_of(request.scope)
        query, kind = request.query_params.get("query", "").strip()[:100], request.query_params.get("kind", "")
        kind = kind if kind in DISCLOSURE_KINDS else ""
        asked = {"query": query, "page_size": _PAGE_SIZE, "page_token": request.query_params.get("page_token", "")}
        if kind:
            asked["kind"] = f"DISCLOSURE_KIND_{kind}"
        found = self._transcoder.as_json(await self._ask(SEARCH, context, **asked))
        token = (found.get("page") or {}).get("nextPageToken", "")
        more = urlencode({"query": query, "kind": kind, "page_token": token}) if token else ""
        return self._pages.page(
            "public.html",
            context,
            query=query,
            kind=kind,
            kinds=DISCLOSURE_KINDS,
            facts=facts_for_people,
            disclosures=found["disclosures"],
            more=more,
            headers=_NOT_KEPT,
        )

    async def draw(self, request: Request) -> Response:
        """How a draw came about: its transcript, and its frame to draw again from."""
        context = context_of(request.scope)
        draw_id = request.path_params["draw_id"]
        path = f"/v1/draws/{quote(draw_id, safe='')}"
        try:
            body = await self._ask(TRANSCRIPT, context, draw_id=draw_id)
        except Problem as problem:
            if problem.code != "FAILED_PRECONDITION":
                raise
            return self._pages.page("draw.html", context, transcript=None, message=problem.zh, path=path)
        transcript = orjson.loads(body.data)
        return self._pages.page(
            "draw.html", context, transcript=transcript, message="", path=path, shown=_SHOWN_OBJECTS, objects=_objects
        )

    async def verify(self, request: Request) -> Response:
        """Draws again in the browser, from files that stay there."""
        return self._pages.page("verify.html", context_of(request.scope))

    async def robots(self, _: Request) -> Response:
        """What search engines leave alone. The search is not among it: it says itself that it is not to be kept."""
        return PlainTextResponse(_ROBOTS, headers={"cache-control": "public, max-age=86400"})

    async def _ask(self, name: str, context: Context, **fields: Any) -> Any:
        operation = self._contract.operation(name)
        if operation is None:
            raise Problem(
                "UNIMPLEMENTED", "NOT_PART_OF_THE_CONTRACT", "本系统未提供此功能", f"{name} is not offered here"
            )
        return await self._transcoder.call(operation, operation.request(**fields), context)


_UNLISTED = {"x-robots-tag": "noindex"}
_NOT_KEPT = {"x-robots-tag": "noindex, noarchive"}
"""A copy that a search engine keeps would outlive the withdrawal of a result (TJ 13)."""
_ROBOTS = "User-agent: *\nDisallow: /v1/\nDisallow: /V/\nDisallow: /R/\nDisallow: /sign-in\n"


def _objects(stratum: dict[str, Any], kind: str) -> Sequence[dict[str, Any]]:
    objects: Sequence[dict[str, Any]] = stratum.get(kind, ())
    return objects[:_SHOWN_OBJECTS]
