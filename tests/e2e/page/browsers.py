"""Debian's Chromium and Firefox, and a page that notes what goes wrong in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright

from tests.conftest import missing

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
PATIENCE_MS = 15_000
NAMES = ("chromium", "firefox")


def launch(playwright: Playwright, name: str, dark: bool = False) -> Browser:
    """Start the browser `name` without a window."""
    executable = shutil.which("firefox-esr" if name == "firefox" else name)
    if executable is None:
        missing(f"no {name} (make setup-browser)")
    if name == "chromium":
        return playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
    prefs = {
        "ui.systemUsesDarkTheme": int(dark),
        "dom.events.testing.asyncClipboard": True,
        "network.captive-portal-service.enabled": False,
    }
    return playwright.firefox.launch(
        executable_path=executable, channel="moz-firefox", firefox_user_prefs=prefs
    )


@dataclass
class Visit:
    """One page in a fresh context, and what went wrong in it."""

    page: Page
    origin: str
    troubles: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors, and every request that leaves the service's origin."""
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("console", lambda said: self._heard(said.text))

    def _note(self, url: str) -> None:
        self.asked.append(url)
        at = urlsplit(url.removeprefix("blob:"))
        if not url.startswith(("data:", "about:")) and f"{at.scheme}://{at.netloc}" != self.origin:
            self.troubles.append(f"left its origin: {url}")

    def _heard(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.troubles.append(text)


def visit(browser: Browser, url: str, **context: Any) -> Visit:
    """Open `url` in a fresh context of `browser`."""
    at = urlsplit(url)
    page = browser.new_context(**context).new_page()
    visited = Visit(page, f"{at.scheme}://{at.netloc}")
    page.set_default_timeout(PATIENCE_MS)
    visited.watch()
    page.goto(url)
    return visited
