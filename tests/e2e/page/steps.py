"""What visitors do, in words."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.page.browsers import wait_for_scripts


def add(page: Page, *pictures: Path, done: int | None = None) -> None:
    """Add pictures and wait for their heat maps; in all there are `done` then."""
    wait_for_scripts(page)  # after a reload, too
    page.set_input_files("#pick", list(pictures))
    shown = page.locator(".card[data-state=succeeded] .stage-heat:visible")
    expect(shown).to_have_count(done or len(pictures))


def look_closer(page: Page) -> Locator:
    """Open the first picture; returns its stage."""
    page.locator(".card-open").first.click()
    stage = page.locator(".look-stage")
    expect(stage).to_be_visible()
    return stage


def tap(stage: Locator, x: float, y: float) -> None:
    """Tap the point of the first frame, fractions of its width and height."""
    frame = stage.locator(".frame").first
    box = frame.bounding_box()
    assert box
    frame.click(position={"x": x * box["width"], "y": y * box["height"]})


def color_at(page: Page, x: float, y: float) -> list[int]:
    """Return red, green, blue of the depth shown at a point."""
    found = page.evaluate(
        """([x, y]) => {
          const canvas = document.querySelector(".clip canvas");
          const brush = canvas.getContext("2d");
          return [...brush.getImageData(x * canvas.width, y * canvas.height, 1, 1).data];
        }""",
        [x, y],
    )
    return list(found[:3])


# Firefox tells no driver of a download from memory: the link is caught instead, in both browsers.
CATCH = """() => {
window.handed = undefined;
const make = URL.createObjectURL;
const kept = new Map();
URL.createObjectURL = (blob) => { const url = make(blob); kept.set(url, blob); return url; };
HTMLAnchorElement.prototype.click = function () {
  const reader = new FileReader();
  reader.onload = () => { window.handed = [this.download, reader.result.split(",")[1]]; };
  reader.readAsDataURL(kept.get(this.href));
};
}"""


def downloaded(page: Page, button: str) -> tuple[str, bytes]:
    """Press a button; return the name and the bytes of the file that the page hands out."""
    page.evaluate(CATCH)
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_function("() => window.handed !== undefined")
    name, text = page.evaluate("window.handed")
    return name, base64.b64decode(text)
