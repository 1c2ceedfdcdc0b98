"""The public pages in a real browser: they fit the screen, can be used by keyboard, and say what matters first."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.gateway import public
from tests.gateway.support import Door


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def is_accessible(page: Page) -> None:
    """One main heading, landmarks, a language, labels on every field, room for a finger on every button."""
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("main")).to_have_count(1)
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    unlabelled = "[...document.querySelectorAll('input:not([type=hidden])')].filter(i => !i.labels.length).length"
    assert page.evaluate(unlabelled) == 0
    small = "[...document.querySelectorAll('.button')].filter(b => b.getBoundingClientRect().height < 44).length"
    assert page.evaluate(small) == 0


def test_a_genuine_code_shows_its_verdict_at_once(page: Page) -> None:
    page.goto(f"/V/{public.CODE}")
    expect(page.get_by_role("status")).to_contain_text("真实有效的执法码")
    expect(page.get_by_role("heading", name="真实有效的执法码")).to_be_in_viewport()
    expect(page.get_by_text("重庆市市场监督管理局")).to_be_visible()
    page.get_by_text("食品经营许可检查").click()
    expect(page.get_by_text("标准：持证经营")).to_be_visible()
    fits(page)
    is_accessible(page)


@pytest.mark.parametrize("verdict", ["VERDICT_EXPIRED", "VERDICT_REVOKED", "VERDICT_FORGED"])
def test_a_code_that_is_not_good_tells_what_can_be_done(page: Page, door: Door, verdict: str) -> None:
    door.services.answers["CheckInspectionCode"] = lambda _, __: public.check(verdict.removeprefix("VERDICT_"))
    page.goto(f"/V/{public.CODE}")
    expect(page.get_by_text("可以拒绝（无码不检查）")).to_be_visible()
    fits(page)
    is_accessible(page)
    public.answer_everything(door)


def test_a_receipt_shows_who_met_whom(page: Page) -> None:
    page.goto(f"/R/{public.CODE}")
    expect(page.get_by_role("heading", name="真实的两码互核凭证")).to_be_in_viewport()
    expect(page.get_by_text("重庆市消防救援总队")).to_be_visible()
    fits(page)
    is_accessible(page)


def test_the_public_searches_and_opens_a_draw(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="查询公示").click()
    page.get_by_label("名称、文号或检查对象").fill("火锅")
    page.get_by_label("检查结果").check()
    page.get_by_role("button", name="查询").click()
    expect(page).to_have_url(re.compile(r"kind=RESULT"))
    expect(page.get_by_text("未发现问题")).to_be_visible()
    fits(page)
    is_accessible(page)
    page.get_by_role("link", name="2025年第三季度餐饮单位抽查（第1轮）").click()
    expect(page.get_by_role("heading", name="抽取记录", exact=True)).to_be_visible()
    page.get_by_text("抽取结果（按票号）").click()
    fits(page)
    is_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="抽取记录").click()
    assert download.value.suggested_filename


def test_a_person_signs_in_and_out(page: Page) -> None:
    page.goto("/docs")
    page.get_by_role("link", name="登录").click()
    is_accessible(page)
    fits(page)
    page.get_by_label("统一社会信用代码").fill("91500103MA5U0000XW")
    page.get_by_label("名称").fill("某公司")
    page.locator("li", has_text="企业账号").get_by_role("button").click()
    expect(page.get_by_role("banner")).to_contain_text("某公司")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("banner")).not_to_contain_text("某公司")


def test_the_documentation_can_be_searched(page: Page) -> None:
    page.goto("/docs")
    page.get_by_label("筛选接口").fill("codes:check")
    expect(page.get_by_role("status")).to_contain_text("2 /")
    page.locator(".operation:visible").first.click()
    expect(page.get_by_text("Whether a code is genuine and good now").first).to_be_visible()
    page.get_by_role("link", name="codes.v1.CodeCheck").first.click()
    expect(page.locator("[id='codes.v1.CodeCheck'] table")).to_be_visible()
    fits(page)
    is_accessible(page)


def test_an_address_that_leads_nowhere_says_so_kindly(page: Page) -> None:
    reply = page.goto("/V/")
    assert reply is not None
    assert reply.status == 404
    expect(page.get_by_role("alert")).to_contain_text("没有这个地址")
    fits(page)
