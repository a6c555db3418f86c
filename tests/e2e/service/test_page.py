"""The web page in Debian's Chromium, on the whole service: pick, watch, compare, download."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from depthq import read_depth
from tests.conftest import missing
from tests.e2e.service.conftest import Service
from tests.photographs import FOLDER
from tests.waits import PATIENT_MS

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-gpu-compositing",  # its pages have no 3D, and are composed at half of the CPU
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPORT = Path(__file__).parents[3] / "test-report"
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=PATIENT_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    executable = shutil.which("chromium")
    if executable is None:
        missing("no chromium (make setup-browser)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=ARGUMENTS, timeout=PATIENT_MS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Two photographs and a text that pretends to be one."""
    paths = [Path(shutil.copy(FOLDER / name, tmp_path)) for name in ("coffee.png", "chelsea.png")]
    lie = tmp_path / "notes.jpg"
    lie.write_text("not a picture")
    return [*paths, lie]


def local(url: str) -> bool:
    """Whether the page may ask for it: its service, its store, its own memory; no other host."""
    return urlsplit(url.removeprefix("blob:")).hostname == "127.0.0.1" or url.startswith("data:")


def open_page(browser: Browser, url: str, **context: Any) -> tuple[Page, list[str]]:
    """Open the page in a fresh context; returns it and the list of what went wrong in it."""
    troubles: list[str] = []
    context.setdefault("reduced_motion", "reduce")  # 60 pictures a second of a moving bar
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(PATIENT_MS)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: None if local(asked.url) else troubles.append(asked.url))
    page.on("console", lambda m: troubles.append(m.text) if "Security Policy" in m.text else None)
    page.goto(url)
    return page, troubles


def pick(page: Page, paths: list[Path], done: int) -> None:
    """Pick the pictures and wait until `done` heat maps show."""
    page.set_input_files("#pick", paths)
    shown = page.locator(".card[data-state=succeeded] .stage-heat:visible")
    expect(shown).to_have_count(done)


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the whole page for people to look at."""
    REPORT.mkdir(exist_ok=True)
    page.screenshot(path=REPORT / f"page-{name}.png", full_page=True, animations="disabled")


def save(page: Page, card: str, output: str, folder: Path) -> Path:
    """Download one output of the card with that name."""
    with page.expect_download() as download:
        page.locator(".card", has_text=card).locator(f".get-{output}").click()
    path = folder / f"saved-{download.value.suggested_filename}"
    download.value.save_as(path)
    return path


def test_pictures_become_comparable_and_downloadable_depth_maps(
    browser: Browser, service: Service, pictures: list[Path], tmp_path: Path
) -> None:
    # Given a page with two photographs and a lie
    page, troubles = open_page(browser, service.api.url, viewport={"width": 1280, "height": 900})
    pick(page, pictures, done=2)

    # Then the lie is named in plain words, and the others have their results
    lie = page.locator(".card", has_text="notes.jpg")
    expect(lie.locator(".card-state")).to_contain_text("not a picture")
    expect(page.locator("#tally")).to_have_text("2 of 3 done, 1 without a result")
    shoot(page, "light")

    # And the comparison follows the keyboard
    slider = page.get_by_role("slider", name="Compare coffee.png with its depth map")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "100 % depth map")

    # When both files of a picture are downloaded
    depth = read_depth(save(page, "coffee.png", "depth", tmp_path))
    heat = Image.open(save(page, "coffee.png", "heatmap", tmp_path))

    # Then they are what the service made of it: near is larger, and near is brighter
    assert depth.values.shape == (heat.height, heat.width)
    near = np.asarray(heat.convert("L"), np.float32)
    assert np.corrcoef(near.ravel(), depth.values.ravel())[0, 1] > 0.9
    assert troubles == []


def test_a_reload_keeps_the_pictures_and_removing_one_deletes_it(
    browser: Browser, service: Service, pictures: list[Path]
) -> None:
    # Given a finished picture, in the dark, on a phone
    page, troubles = open_page(
        browser, service.api.url, color_scheme="dark", viewport=PHONE, has_touch=True
    )
    pick(page, pictures[:1], done=1)

    # When the page is loaded again
    page.reload()

    # Then it is still there, to be compared, and the page is no wider than the phone
    expect(page.locator(".stage-heat:visible")).to_have_count(1)
    expect(page.locator(".stage-range")).to_have_count(1)
    shoot(page, "dark-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    # And when it is removed, nothing of it stays
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        page.get_by_role("button", name="Remove coffee.png").click()
    assert deleted.value.status == 204
    expect(page.locator(".card")).to_have_count(0)
    assert service.stored() == {}
    assert troubles == []
