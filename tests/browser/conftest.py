"""Headless Chromium; where there is none these tests are skipped, unless LIANGMA_REQUIRE_SERVICES=1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from gateway.transcoder.contract import Contract
from tests.gateway import public, support

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    """Log lines of servers in threads would come out between those of the tests."""
    with support.quiet():
        yield


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser. While it is there, its driver has the event loop of this thread: nobody else can run one."""
    if not CHROMIUM.exists():
        if os.environ.get("LIANGMA_REQUIRE_SERVICES") == "1":
            pytest.fail(f"LIANGMA_REQUIRE_SERVICES=1, but there is no {CHROMIUM} (Debian package chromium)")
        pytest.skip(f"no {CHROMIUM} here (Debian package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[support.Door]:
    """A gateway before services that answer the public pages."""
    with support.door(Contract.installed(), tmp_path_factory.mktemp("browser"), sign_in="embedded") as opened:
        public.answer_everything(opened)
        yield opened


@pytest.fixture(params=["phone", "desk"])
def page(request: pytest.FixtureRequest, chromium: Browser, door: support.Door) -> Iterator[Page]:
    """A page, on a phone and on a desk; whatever a page complains of fails the test."""
    size = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}[request.param]
    context = chromium.new_context(
        base_url=door.url,
        viewport=size,  # type: ignore[arg-type]  # a mapping of these two
        locale="zh-CN",
        is_mobile=request.param == "phone",
        device_scale_factor=2 if request.param == "phone" else 1,
    )
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text) if _is_complaint(message, opened) else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    _keep(opened, request)
    context.close()
    assert not complaints


def _is_complaint(message: ConsoleMessage, page: Page) -> bool:
    """An error, other than that the page itself is the page of a refusal."""
    return message.type == "error" and message.location["url"] != page.url


def _keep(page: Page, request: pytest.FixtureRequest) -> None:
    """A picture of how the page looked at the end, where LIANGMA_SCREENSHOTS names a directory."""
    directory = os.environ.get("LIANGMA_SCREENSHOTS")
    if directory:
        name = request.node.name.replace("[", "-").replace("]", "")
        page.screenshot(path=str(Path(directory, f"{name}.png")), full_page=True)
