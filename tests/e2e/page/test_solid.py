"""The picture in space: turned, reshaped, and flat where the browser draws no 3D."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.page.steps import add, look_closer

# Turns it once more and reads what is drawn before the browser takes it: Firefox's own pictures of
# an element add a style, which the policy forbids.
DRAWN = """(canvas) => {
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  return new Promise((done) => requestAnimationFrame(() => done(canvas.toDataURL())));
}"""


@pytest.fixture
def small(coffee, tmp_path):
    """A photograph of few points: a processor draws all of them, at each turn."""
    path = tmp_path / "small.png"
    with Image.open(coffee) as photograph:
        photograph.reduce(5).save(path)
    return path


def open_solid(page: Page, picture) -> None:
    add(page, picture)
    look_closer(page)
    page.get_by_role("tab", name="3D").click()


def test_it_comes_when_asked_for_and_turns_by_keys(go, small):
    visited = go(viewport={"width": 480, "height": 360})
    page = visited.page
    add(page, small)
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
    expect(said).to_have_text("Turned 9° to the side, 4° up")  # 5° before that
    page.keyboard.press("0")
    expect(said).to_have_text("Turned 0° to the side, 0° up")
    page.get_by_text("Cloud of points").click()
    page.get_by_label("Field of view (degrees across)").fill("80")
    page.get_by_label("Farthest over nearest").fill("2")
    expect(page.locator(".solid-flat")).to_have_count(0)


def test_on_a_phone_a_turned_picture_stays_in_its_frame(go, small):
    page = go(viewport={"width": 390, "height": 844}).page
    open_solid(page, small)
    said = page.locator(".solid-controls [role=status]")
    expect(said).to_have_text(re.compile("^$|draws no 3D"))
    if page.locator(".solid-flat").count():
        pytest.skip("Firefox draws no 3D without a screen (make setup-browser)")
    page.locator(".solid-canvas").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    drawn = page.locator(".solid-canvas").evaluate(DRAWN)
    with Image.open(io.BytesIO(base64.b64decode(drawn.partition(",")[2]))) as shot:
        pixels = np.asarray(shot.convert("RGB"), int)
    expect(said).to_have_text("Turned 23° to the side, 0° up")
    inside = pixels[16:-16]  # without the round corners
    shown = (np.abs(inside - inside[0, 200]) > 24).any(axis=2)  # nothing is up there
    columns = np.flatnonzero(shown.any(axis=0))
    assert np.ptp(columns) > 0.9 * shown.shape[1], "it is as large as it can be"
    for side, edge in (("left", shown[:, 0]), ("right", shown[:, -1])):
        assert edge.mean() < 0.05, f"a corner may touch the {side}; a cut shape shows an edge there"


def test_without_webgl_the_picture_stays_flat_and_says_why(go, small):
    page = go(alone=True).page
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest); };"
    )
    page.reload()
    open_solid(page, small)
    expect(page.locator(".solid-flat")).to_be_visible()
    expect(page.get_by_text("This browser draws no 3D")).to_be_visible()
