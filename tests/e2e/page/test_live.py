"""The live view in Chromium, with its fake camera (a rolling pattern, a clock and a beep)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.conftest import missing

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip
FIRST_MS = 60_000
REPORT = Path(__file__).parents[3] / "test-report"


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with a camera that is none."""
    executable = shutil.which("chromium")
    if executable is None:
        missing("no chromium (make setup-browser)")
    running = playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS])
    yield running
    running.close()


def opened(go, **context) -> Page:
    page = go(permissions=["camera"], **context).page
    page.get_by_role("button", name="Live camera").click()
    expect(page.locator(".live-told")).to_contain_text("pictures a second", timeout=FIRST_MS)
    return page


def pixels(page: Page, name: str) -> np.ndarray:
    REPORT.mkdir(exist_ok=True)
    path = REPORT / f"{name}.png"
    page.screenshot(path=path)
    return np.asarray(Image.open(path).convert("RGB"))


def test_depth_of_the_camera_is_painted_and_told(go):
    page = opened(go)
    pixels(page, "live")
    depth = page.locator("dialog.live canvas")
    assert depth.evaluate("(it) => [it.width, it.height]") == [256, 192]
    colors = depth.evaluate(
        "(it) => new Set(Array.from(new Uint32Array(it.getContext('2d')"
        ".getImageData(0, 0, it.width, it.height).data.buffer))).size"
    )
    assert colors > 20, "many shades: a depth map"
    assert re.search(r"\d+\.\d pictures a second, \d+ ms behind", page.inner_text(".live-told"))
    assert page.locator(".live-stage").evaluate("(it) => it.className") == (
        "live-stage live-mirrored"
    ), "what faces its user is a mirror"
    page.get_by_text("Overlay").click()
    assert page.locator(".live-stage").get_attribute("data-mode") == "over"
    pixels(page, "live-overlay")


def test_by_keyboard_frozen_kept_as_a_job_and_the_camera_is_let_go(go):
    page = opened(go)
    asked: list[str] = []
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.wait_for_timeout(300)
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(500)
    assert [url for url in asked if "/v1/depth" in url] == [], "frozen: nothing is sent"
    keep = page.get_by_role("button", name="Keep as a job")
    keep.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog.live")).to_have_count(0)
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card .get-depth")).to_be_visible(timeout=FIRST_MS)


def test_what_is_near_is_said_when_asked(go):
    page = opened(go)
    heard = page.locator("dialog.live [aria-live]")
    assert heard.inner_text() == ""
    page.get_by_label("Say what is near").check()
    expect(heard).to_contain_text("Nearest: ", timeout=FIRST_MS)


def test_a_refused_camera_is_said_in_words(go):
    page = go().page
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => "
        "{ throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    page.get_by_role("button", name="Live camera").click()
    expect(page.locator(".live-told")).to_contain_text("does not let this page use the camera")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.live")).to_have_count(0)


def test_the_camera_is_allowed_for_the_page_itself_alone(go):
    page = go().page
    answer = page.request.get(page.url)
    assert answer.headers["permissions-policy"] == "camera=(self), microphone=(), geolocation=()"
