"""The page that verifies a draw: in a real browser, with the browser's cryptography, and without a word to anybody."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_public_pages import fits, is_accessible

VECTORS = Path(__file__).parents[1] / "vectors" / "lm-draw-1"
INDEX = json.loads((VECTORS / "index.json").read_bytes())
DRAWS = [case for case in INDEX if "teams" not in case]

RUN_ALL = """
async (cases) => {
  const { parse, verify, verifyProof } = await import("/static/verify-draw.js");
  const bytes = (text) => text && Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const found = {};
  for (const one of cases) {
    const transcript = parse(bytes(one.transcript));
    const previous = one.previous && parse(bytes(one.previous));
    const more = { excludedCsv: bytes(one.excluded), announced: one.announced, previous };
    const { faults, standing } = one.proof
      ? await verifyProof(transcript, parse(bytes(one.proof)))
      : { faults: await verify(transcript, bytes(one.frame), more) };
    found[one.name] = { faults: [...new Set(faults.map(({ code }) => code))].sort(), standing: standing ?? null };
  }
  return found;
}
"""


@pytest.fixture
def wire(page: Page) -> list[str]:
    """What the page asks for, once it is there."""
    asked: list[str] = []
    page.goto("/public/verify", wait_until="networkidle")
    page.on("request", lambda request: asked.append(request.url))
    return asked


def choose(page: Page, **files: str) -> None:
    page.get_by_text("更多：").click()
    for name, file in files.items():
        page.locator(f"#{name}").set_input_files(VECTORS / file)


def verified(page: Page) -> None:
    page.get_by_role("button", name="开始验证").click()


def test_a_sound_draw_is_said_to_be_so_and_nothing_is_sent(page: Page, wire: list[str]) -> None:
    choose(page, transcript="normal.json", frame="normal.frame.csv", excluded="normal.excluded.csv")
    verified(page)
    outcome = page.get_by_role("status")
    expect(outcome).to_contain_text("抽取结果可信")
    expect(outcome).to_contain_text("重算了 120 个对象")
    fits(page)
    is_accessible(page)
    assert wire == []


def test_what_was_helped_along_is_named(page: Page, wire: list[str]) -> None:
    choose(page, transcript="swapped-winner.json", frame="normal.frame.csv")
    page.locator("#announced").fill("0" * 64)
    verified(page)
    outcome = page.get_by_role("status")
    expect(outcome).to_contain_text("发现 3 类问题")
    for text in ("中签名单与按种子重算的结果不符", "WINNER", "SUBSTITUTE", "与事先公布的承诺值不一致"):
        expect(outcome).to_contain_text(text)
    fits(page)
    assert wire == []


def test_one_objects_proof_shows_how_it_stands(page: Page, wire: list[str]) -> None:
    choose(page, transcript="proven.json", proof="proof-drawn.json")
    verified(page)
    outcome = page.get_by_role("status")
    expect(outcome).to_contain_text("证明成立：中签")
    expect(outcome).to_contain_text("5 / 200")
    fits(page)
    page.locator("#transcript").set_input_files(VECTORS / "proof-passed-over.transcript.json")
    page.locator("#proof").set_input_files(VECTORS / "proof-passed-over.json")
    verified(page)
    expect(outcome).to_contain_text("证明不成立")
    assert wire == []


def test_without_files_it_says_what_is_wanted(page: Page, wire: list[str]) -> None:
    verified(page)
    expect(page.get_by_role("status")).to_contain_text("请选择文件")
    assert wire == []


def test_the_browser_finds_in_all_vectors_just_what_is_there(page: Page) -> None:
    page.goto("/public/verify")
    names = ("transcript", "frame", "excluded", "previous", "proof")
    cases = [
        {
            name: base64.b64encode((VECTORS / value).read_bytes()).decode() if name in names else value
            for name, value in case.items()
        }
        for case in DRAWS
    ]
    found = page.evaluate(RUN_ALL, cases)
    assert found == {case["name"]: {"faults": case["faults"], "standing": case.get("standing")} for case in DRAWS}


def test_the_page_of_a_draw_leads_here(page: Page) -> None:
    page.goto("/public/draws/0198d4a0-0000-7000-8000-000000000001")
    page.get_by_role("link", name="在浏览器中验证").click()
    expect(page.get_by_role("heading", name="验证抽取", exact=True)).to_be_visible()
