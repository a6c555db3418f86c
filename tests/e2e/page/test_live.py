"""The live view, with each browser's fake camera (moving colors)."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

REPORT = Path(__file__).parents[3] / "test-report"


def opened(go, **context) -> Page:
    page = go(**context).page
    page.get_by_role("button", name="Live camera").click()
    expect(page.locator(".live-told")).to_contain_text("pictures a second")
    return page


def shoot(page: Page, name: str) -> None:
    """Keep a picture for people to look at; in Firefox taking one breaks the page's policy."""
    if page.context.browser and page.context.browser.browser_type.name == "firefox":
        return
    REPORT.mkdir(exist_ok=True)
    page.screenshot(path=REPORT / f"{name}.png")


def test_depth_of_the_camera_is_painted_and_told(go):
    page = opened(go)
    page.keyboard.press("f")  # what was painted stays, and no more is asked of the service
    shoot(page, "live")
    depth = page.locator("dialog.live canvas")
    assert depth.evaluate("(it) => [it.width, it.height]") == [256, 192]
    colors = depth.evaluate(
        "(it) => new Set(Array.from(new Uint32Array(it.getContext('2d')"
        ".getImageData(0, 0, it.width, it.height).data.buffer))).size"
    )
    assert colors > 20, "many shades: a depth map"
    assert re.search(r"\d+\.\d pictures a second, \d+ ms behind", page.inner_text(".live-told"))
    facing = page.locator("dialog.live video").evaluate(
        "(it) => it.srcObject.getVideoTracks()[0].getSettings().facingMode"
    )
    mirrored = "live-mirrored" in (page.locator(".live-stage").get_attribute("class") or "")
    assert mirrored == (facing != "environment"), "what faces its user is a mirror"
    page.get_by_text("Overlay").click()
    assert page.locator(".live-stage").get_attribute("data-mode") == "over"
    shoot(page, "live-overlay")


def test_by_keyboard_frozen_kept_as_a_job_and_the_camera_is_let_go(go):
    page = opened(go)
    asked: list[str] = []
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.wait_for_timeout(1_000)  # for the picture that was being made
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(500)
    assert [url for url in asked if "/v1/depth" in url] == [], "frozen: nothing is sent"
    keep = page.get_by_role("button", name="Keep as a job")
    keep.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog.live")).to_have_count(0)
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card .get-depth")).to_be_visible()


def test_what_is_near_is_said_when_asked(go):
    page = opened(go)
    heard = page.locator("dialog.live [aria-live]")
    assert heard.inner_text() == ""
    page.get_by_label("Say what is near").check()
    expect(heard).to_contain_text("Nearest: ")


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


def test_the_camera_is_allowed_for_the_page_itself_alone(shown):
    answer = shown.page.request.get(shown.page.url)
    assert answer.headers["permissions-policy"] == "camera=(self), microphone=(), geolocation=()"
