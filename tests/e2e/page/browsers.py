"""Debian's Chromium and Firefox, and a page that notes what goes wrong in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, expect

from tests.conftest import missing
from tests.waits import PATIENT_MS

# The shell is Chromium's engine without the windows that no test sees: half of the CPU of a visit.
PROGRAMS = {
    "chromium": ("chromium-headless-shell", "chromium"),
    "firefox": ("firefox-esr",),
}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",  # the page is composed without one, at half of the CPU
    "--enable-unsafe-swiftshader",  # and 3D is drawn all the same
    "--use-fake-device-for-media-stream=fps=5",
    "--use-fake-ui-for-media-stream",
]
FIREFOX_PREFS: dict[str, str | float | bool] = {
    "dom.events.testing.asyncClipboard": True,
    "media.navigator.permission.disabled": True,  # a camera that is none, without being asked
    "media.navigator.streams.fake": True,
    "network.captive-portal-service.enabled": False,
    "ui.prefersReducedMotion": 1,  # it does not take it from the driver
}
NAMES = tuple(PROGRAMS)
expect.set_options(timeout=PATIENT_MS)
# What a policy forbids is an event of the page; each browser words its own message differently.
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) => console.warn(
  `Content-Security-Policy: ${event.effectiveDirective} forbids ${event.blockedURI}`
  + ` (${event.sourceFile})`, window.forbidden = true));"""


# All that the page keeps in a browser.
FORGET = """async () => {
  sessionStorage.clear();
  localStorage.clear();
  for (const { name } of await indexedDB.databases()) {
    await new Promise((done, failed) => {
      const asked = indexedDB.deleteDatabase(name);
      asked.onsuccess = done;
      asked.onerror = failed;
    });
  }
}"""


@contextmanager
def screen() -> Iterator[str | None]:
    """A screen in memory: Firefox draws no 3D without one. Yields its name for DISPLAY, or None."""
    server = shutil.which("Xvfb")
    if server is None:
        yield None
        return
    told, tell = os.pipe()
    size = ("-screen", "0", "1280x1024x24")
    running = subprocess.Popen(
        [server, "-displayfd", str(tell), *size, "-nolisten", "tcp"],
        pass_fds=[tell],
        stderr=subprocess.DEVNULL,
    )
    os.close(tell)
    try:
        with os.fdopen(told) as answer:
            yield f":{answer.readline().strip()}"  # it has found a free one, and is ready
    finally:
        running.terminate()
        running.wait()


def launch(playwright: Playwright, name: str, display: str | None = None) -> Browser:
    """Start the browser `name`, with a camera that is none; Firefox on `display`, if given."""
    executable = next(filter(None, map(shutil.which, PROGRAMS[name])), None)
    if executable is None:
        missing(f"no {name} (make setup-browser)")
    if name == "chromium":
        return playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_ARGUMENTS, timeout=PATIENT_MS
        )
    return playwright.firefox.launch(
        executable_path=executable,
        channel="moz-firefox",
        firefox_user_prefs=FIREFOX_PREFS,
        headless=display is None,
        timeout=PATIENT_MS,
        env={**os.environ, **({"DISPLAY": display} if display else {})},
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
        self.page.add_init_script(TELL_VIOLATIONS)

    def _note(self, url: str) -> None:
        self.asked.append(url)
        at = urlsplit(url.removeprefix("blob:"))
        if not url.startswith(("data:", "about:")) and f"{at.scheme}://{at.netloc}" != self.origin:
            self.troubles.append(f"left its origin: {url}")

    def _heard(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.troubles.append(text)

    def open(self, path: str) -> None:
        """Go to `path`; at `/`, until the page takes pictures."""
        self.page.goto(self.origin + path)
        if path == "/":
            wait_for_scripts(self.page)

    def leave(self) -> None:
        """End the visit so that the next one in this page finds nothing of it.

        A visit in a page that was used costs half of the CPU of one in a fresh context: its process
        runs, and has compiled the page's scripts.
        """
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.goto(f"{self.origin}/web/icon.svg")  # a page without scripts
        self.page.evaluate(FORGET)
        self.troubles.clear()
        self.asked.clear()


def visit(browser: Browser, url: str, **context: Any) -> Visit:
    """Open `url` in a fresh context of `browser`."""
    at = urlsplit(url)
    page = browser.new_context(**context).new_page()
    visited = Visit(page, f"{at.scheme}://{at.netloc}")
    page.set_default_timeout(PATIENT_MS)
    visited.watch()
    visited.open(url.removeprefix(visited.origin))
    return visited


def wait_for_scripts(page: Page) -> None:
    """Wait until the page at `/` takes pictures: a file picked before would be lost.

    The version is the last that it asks for, and its scripts may end after the `load` event.
    """
    expect(page.locator("#version")).not_to_be_empty()
