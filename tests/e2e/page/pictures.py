"""Takes a picture of every state of the page, in both languages and themes.

`python -m tests.e2e.page.pictures URL [FOLDER] [--only=4k]`: of the service at URL, into FOLDER (by
default test-report/page), of looks with that word only; with `--docs` also the pictures of
docs/page.md.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.page.browsers import launch, visit
from tests.e2e.page.states import states

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "images" / "page"
SIZES = {
    "wide": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
    "4k": {"width": 3840, "height": 2160},
}
LOOKS = [
    *product(("en-US", "zh-CN"), ("light", "dark"), ("wide", "phone")),
    ("en-US", "light", "4k"),
]
# state, locale, scheme, size → name in docs/images/page
SHOWN = {
    ("done", "en-US", "light", "wide"): "cards",
    ("measure", "en-US", "light", "wide"): "measure",
    ("made", "zh-CN", "dark", "wide"): "make",
    ("solid", "en-US", "light", "wide"): "solid",
    ("dataset", "zh-CN", "light", "phone"): "dataset",
    ("operations", "zh-CN", "dark", "wide"): "operations",
}


def main(url: str, folder: Path, docs: bool, only: str = "") -> None:
    """Take all pictures, or those of the looks that have the word `only`."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright, "chromium")
        for look in LOOKS:
            if not only or only in look:
                take(browser, url, folder, look)
        browser.close()
    if docs:
        DOCS.mkdir(parents=True, exist_ok=True)
        for about, name in SHOWN.items():
            with Image.open(folder / f"{'-'.join(about)}.png") as picture:
                picture.convert("RGB").save(DOCS / f"{name}.jpg", quality=82, optimize=True)


def take(browser: Browser, url: str, folder: Path, look: tuple[str, str, str]) -> None:
    """Take a picture of every state in one look: language, theme and size."""
    locale, scheme, size = look
    options = {"locale": locale, "color_scheme": scheme, "viewport": SIZES[size]}
    visited = visit(browser, f"{url}/", **options, reduced_motion="reduce")
    page = visited.page

    def shoot(name: str) -> None:
        whole = page.locator(".viewer").count() == 0
        path = folder / f"{name}-{'-'.join(look)}.png"
        page.screenshot(path=path, full_page=whole, animations="disabled")

    with tempfile.TemporaryDirectory() as pictures:
        for name in states(page, Path(pictures)):
            shoot(name)
    page.goto(f"{url}/ops")
    expect(page.locator("#board")).to_be_visible()
    page.wait_for_timeout(11_000)  # two more looks, so that the charts hold a line
    shoot("operations")
    page.context.close()


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    words = [argument.removeprefix("--only=") for argument in sys.argv if "--only=" in argument]
    target = Path(given[1]) if len(given) > 1 else ROOT / "test-report" / "page"
    main(given[0], target, "--docs" in sys.argv, *words)
