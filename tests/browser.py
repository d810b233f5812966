"""Headless Chromium that reaches nothing but this machine and remembers what went wrong."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import playwright.async_api
import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, WebError, async_playwright

Chromium = playwright.async_api.Browser

# A violation of the Content-Security-Policy fires an event, which joins the console's errors here.
_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`blocked by ${event.effectiveDirective}: ${event.blockedURI}`));
"""


@dataclass(frozen=True)
class Browser:
    """A fresh profile: pages opened here share their storage with each other and with nobody else."""

    context: BrowserContext
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Errors on the console, uncaught exceptions and violations of the Content-Security-Policy."""

    async def visit(self, url: str) -> Page:
        """Open `url` in a tab of its own."""
        page = await self.context.new_page()
        await page.goto(url)
        return page


@asynccontextmanager
async def started() -> AsyncIterator[Chromium]:
    """Chromium; skips the test, or with ZORBIT_TESTS_NO_SKIP=1 fails it, where there is none."""
    path = _chromium()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=path,
            args=["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
        )
        yield chromium
        await chromium.close()


@asynccontextmanager
async def browse(chromium: Chromium) -> AsyncIterator[Browser]:
    """A profile of its own, forgotten afterwards."""
    async with await chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        browser = Browser(context)
        await context.add_init_script(_REPORT_VIOLATIONS)
        _listen(browser)
        yield browser


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "Chromium is not on the PATH (Debian: apt-get install chromium)"
    if os.environ.get("ZORBIT_TESTS_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _listen(browser: Browser) -> None:
    def on_request(request: Request) -> None:
        browser.requests.append(request)

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            browser.complaints.append(message.text)

    def on_web_error(error: WebError) -> None:
        browser.complaints.append(str(error.error))

    browser.context.on("request", on_request)
    browser.context.on("console", on_console)
    browser.context.on("weberror", on_web_error)
