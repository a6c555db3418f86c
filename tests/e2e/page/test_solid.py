"""The picture in space: turned, reshaped, and flat where the browser draws no 3D."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.steps import add, look_closer


def open_solid(page: Page, picture) -> None:
    add(page, picture)
    look_closer(page)
    page.get_by_role("tab", name="3D").click()


def test_it_comes_when_asked_for_and_turns_by_keys(go, coffee):
    visited = go(viewport={"width": 1000, "height": 700}, reduced_motion="reduce")
    page = visited.page
    add(page, coffee)
    assert not any("three" in url for url in visited.asked)
    look_closer(page)
    page.get_by_role("tab", name="3D").click()
    canvas = page.locator(".solid-canvas")
    said = page.locator(".solid-controls [role=status]")
    expect(said).to_have_text(re.compile("^$|draws no 3D"))
    if page.locator(".solid-flat").count():
        pytest.skip("Firefox draws no 3D without a screen (make setup-browser)")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(said).to_have_text("Turned 4° to the side, 4° up")
    page.keyboard.press("0")
    expect(said).to_have_text("Turned 0° to the side, 0° up")
    page.get_by_text("Cloud of points").click()
    page.get_by_label("Field of view (degrees across)").fill("80")
    page.get_by_label("Farthest over nearest").fill("2")
    expect(page.locator(".solid-flat")).to_have_count(0)


def test_without_webgl_the_picture_stays_flat_and_says_why(go, coffee):
    visited = go()
    page = visited.page
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest); };"
    )
    page.reload()
    open_solid(page, coffee)
    expect(page.locator(".solid-flat")).to_be_visible()
    expect(page.get_by_text("This browser draws no 3D")).to_be_visible()
