"""What anybody sees without signing in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from liangma.codes.v1 import codes_pb2, receipts_pb2

from gateway.pages.words import RECEIPT_VERDICTS, VERDICTS
from gateway.transcoder.contract import Contract
from tests.gateway import public, support


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[support.Door]:
    directory: Path = tmp_path_factory.mktemp("public")
    with support.door(Contract.installed(), directory, sign_in="embedded") as door:
        public.answer_everything(door)
        yield door


@pytest.fixture
def browser(opened: support.Door) -> Iterator[httpx.Client]:
    public.answer_everything(opened)
    opened.services.asked.clear()
    with opened.client(None, accept="text/html") as client:
        yield client


def test_a_genuine_code_says_who_comes_to_look_at_what(opened: support.Door, browser: httpx.Client) -> None:
    page = browser.get(f"/V/{public.CODE}")
    for said in (
        "真实有效的执法码",
        "2025年第三季度餐饮单位部门联合抽查",
        "渝司专查〔2025〕27号",
        "重庆市市场监督管理局",
        "不在检查主体清单",
        "张**",
        "证件无效",
        "食品经营许可检查",
        "持证经营",
        "2025年9月1日 09:00",
        "两码互核",
    ):
        assert said in page.text, said
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["cache-control"] == "no-store"
    assert opened.services.request.text == public.CODE


def test_a_presented_code_is_checked_with_its_proof(opened: support.Door, browser: httpx.Client) -> None:
    proof = "A" * 24
    assert "真实有效的执法码" in browser.get(f"/V/{public.CODE}/{proof}").text
    assert opened.services.request.text == f"{public.CODE}/{proof}"


def test_a_receipt_says_who_met_whom_and_when(opened: support.Door, browser: httpx.Client) -> None:
    page = browser.get(f"/R/{public.CODE}")
    for said in ("真实的两码互核凭证", "重庆市消防救援总队", "2025年9月1日 09:02", "渝企码", "50*****17"):
        assert said in page.text, said
    assert opened.services.request.text == public.CODE


@pytest.mark.parametrize("verdict", sorted(RECEIPT_VERDICTS))
def test_each_verdict_on_a_receipt_is_said_clearly(opened: support.Door, browser: httpx.Client, verdict: str) -> None:
    number = codes_pb2.Verdict.Value(verdict)
    opened.services.answers["CheckReceipt"] = lambda _, __: receipts_pb2.ReceiptCheck(verdict=number)
    page = browser.get(f"/R/{public.CODE}").text
    assert RECEIPT_VERDICTS[verdict].title in page
    assert "凭证内容" not in page


def test_every_verdict_of_the_contract_has_words() -> None:
    assert set(VERDICTS) == set(codes_pb2.Verdict.keys()) - {"VERDICT_UNSPECIFIED"}


@pytest.mark.parametrize("verdict", sorted(VERDICTS))
def test_each_verdict_is_said_clearly(opened: support.Door, browser: httpx.Client, verdict: str) -> None:
    name = verdict.removeprefix("VERDICT_")
    opened.services.answers["CheckInspectionCode"] = lambda _, __: public.check(name)
    page = browser.get(f"/V/{public.CODE}").text
    assert VERDICTS[verdict].title in page
    assert ("可以拒绝（无码不检查）" in page) is (VERDICTS[verdict].tone != "good")


@pytest.mark.parametrize("text", ["<script>", "a b", "0189", "x" * 5000, "ABC/DEF"])
def test_what_cannot_be_a_code_is_said_so_without_asking(
    opened: support.Door, browser: httpx.Client, text: str
) -> None:
    page = browser.get(f"/V/{text}")
    assert page.status_code == 200
    assert "无法识别的码" in page.text
    assert not opened.services.asked


def test_a_code_is_checked_for_a_program_too(browser: httpx.Client) -> None:
    told = browser.get(f"/v1/codes:check?text={public.CODE}", headers={"accept": "*/*"}).json()
    assert told["verdict"] == "VERDICT_AUTHENTIC"


def test_a_search_finds_what_is_disclosed(opened: support.Door, browser: httpx.Client) -> None:
    page = browser.get("/public?query=火锅&kind=RESULT")
    assert page.text.count("未发现问题") == 1
    assert "实地检查" in page.text
    assert "NO_PROBLEM" not in page.text
    assert "<script>alert" not in page.text
    assert "page_token=more" in page.text
    request = opened.services.request
    assert (request.query, request.kind, request.page_size) == ("火锅", 4, 20)
    assert "下一页" not in browser.get("/public?page_token=more").text


def test_no_search_engine_keeps_what_a_repair_may_withdraw(browser: httpx.Client) -> None:
    page, robots = browser.get("/public"), browser.get("/robots.txt")
    assert page.headers["x-robots-tag"] == "noindex, noarchive"
    assert page.headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex, noarchive">' in page.text
    rules = robots.text.splitlines()
    assert robots.headers["content-type"].startswith("text/plain")
    assert {"User-agent: *", "Disallow: /v1/", "Disallow: /V/", "Disallow: /R/"} <= set(rules)
    assert not any("/public".startswith(rule.removeprefix("Disallow: ")) for rule in rules), (
        "who may not read sees no tag"
    )


def test_a_search_that_finds_nothing_says_what_to_try(opened: support.Door, browser: httpx.Client) -> None:
    assert "没有查到" in browser.get("/public?query=没有&kind=NONSENSE").text
    assert opened.services.request.kind == 0


def test_a_draw_shows_its_commitment_and_its_files(browser: httpx.Client) -> None:
    page = browser.get("/public/draws/d1").text
    for said in ("第 2 轮", "ab" * 32, "抽取范围有误", "不足 2 个", "/v1/draws/d1/transcript", "/v1/draws/d1/frame"):
        assert said in page, said
    assert "91500103MA5U000049" in page
    assert "91500103MA5U000050" not in page


def test_a_draw_that_is_not_revealed_says_so(browser: httpx.Client) -> None:
    page = browser.get("/public/draws/early")
    assert page.status_code == 200
    assert "抽取尚未揭示" in page.text


def test_a_draw_there_is_not_is_404(browser: httpx.Client) -> None:
    page = browser.get("/public/draws/unknown")
    assert page.status_code == 404
    assert "未找到该抽取" in page.text


def test_a_service_that_is_down_is_said_in_plain_words(opened: support.Door, browser: httpx.Client) -> None:
    del opened.services.answers["CheckInspectionCode"]
    assert browser.get(f"/V/{public.CODE}").status_code == 501


def test_the_start_page_leads_on(browser: httpx.Client) -> None:
    page = browser.get("/").text
    for link in ("/public", "/docs", "/sign-in", "/openapi.json"):
        assert f'href="{link}"' in page


def test_the_documentation_of_the_whole_contract_is_served(browser: httpx.Client) -> None:
    page: Any = browser.get("/docs")
    assert page.status_code == 200
    assert "/v1/annual-plans/{planId}:submit" in page.text
