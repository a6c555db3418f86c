"""Every state of the page, one after the other: for pictures of them, and for axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.e2e.page.browsers import wait_for_scripts
from tests.e2e.page.files import write_clip, write_many
from tests.e2e.page.steps import add, look_closer, tap
from tests.photographs import FOLDER
from tests.waits import PATIENT_MS

JOBS = re.compile(r"/v1/jobs$")
LONG_NAME = "صورة العائلة في الحديقة – a name that is rather long, from right to left too.png"


# At once: a processor draws the relief at each frame, which takes half a second.
TURNED = """(canvas) => {
  for (let step = 0; step < 5; step += 1) {
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  }
}"""
BULK = frozenset({"many", "dataset", "film", "live", "bucket"})


def states(page: Page, folder: Path, *, bulk: bool = True) -> Iterator[str]:
    """Bring `page`, freshly opened at `/`, into each state in turn; yields its name.

    Those of BULK take more than half of the time; without `bulk` they are left out.
    """
    yield "first"
    page.locator(".intake .options summary").click()
    yield "options"
    page.locator(".intake .options summary").click()
    yield from _troubles(page, folder)
    yield from _cards(page, folder)
    yield from _looking(page)
    if bulk:
        yield from _many(page, folder)


def _troubles(page: Page, folder: Path) -> Iterator[str]:
    picture = folder / "one.png"
    picture.write_bytes((FOLDER / "coffee.png").read_bytes())

    def answer(status: int, code: str) -> None:
        page.unroute(JOBS)
        headers = {"Retry-After": "300"}
        page.route(
            JOBS, lambda route: route.fulfill(status=status, headers=headers, json={"code": code})
        )

    answer(429, "overloaded")
    page.set_input_files("#pick", picture)
    expect(page.locator(".card-state")).to_have_text(re.compile(r"\b5 (min|分钟)"))
    yield "full"
    page.locator("#clear").click()
    answer(401, "unauthorized")
    page.set_input_files("#pick", picture)
    expect(page.locator("#login")).to_be_visible()
    yield "key"
    page.unroute(JOBS)
    page.reload()
    wait_for_scripts(page)


def _cards(page: Page, folder: Path) -> Iterator[str]:
    lie, right_to_left = folder / "notes.jpg", folder / LONG_NAME
    lie.write_text("not a picture")
    right_to_left.write_bytes((FOLDER / "chelsea.png").read_bytes())

    def hold(route: Route) -> None:
        now = route.fetch(url=route.request.url.partition("?")[0]).json()
        route.fulfill(json={**now, "state": "queued", "terminal": False, "position": 3})

    waiting = re.compile(r"/v1/jobs/[^/]+\?wait")
    page.route(waiting, hold)
    page.set_input_files("#pick", FOLDER / "coffee.png")
    expect(page.locator(".card[data-state=queued]")).to_have_count(1)
    yield "queued"
    page.unroute_all(behavior="ignoreErrors")
    page.locator("#clear").click()
    add(page, FOLDER / "coffee.png", right_to_left)
    page.set_input_files("#pick", lie)
    expect(page.locator(".card[data-state=failed]")).to_have_count(1)
    yield "done"
    page.locator("#past summary").click()
    expect(page.locator("#past-list")).not_to_be_empty()
    yield "history"
    page.locator("#past summary").click()


def _looking(page: Page) -> Iterator[str]:
    stage = look_closer(page)
    yield "look"
    tap(stage, 0.3, 0.6)
    tap(stage, 0.9, 0.1)
    page.locator(".measuring details summary").click()
    for at, metres in enumerate(("0.5", "1.5")):
        page.locator(".metres input").nth(at).fill(metres)
    yield "measure"
    page.locator(".switch input[value=side]").check(force=True)
    yield "side"
    page.locator("#tab-make").click()
    expect(page.locator(".menu-head").first).to_be_visible()
    yield "menu"
    for made, output in enumerate(("refocus", "description", "sonify")):
        page.locator(f".menu-head[aria-controls=make-{output}]").click()
        page.locator(f"#make-{output} .button").click()
        expect(page.locator(".result-item")).to_have_count(made + 1)
    page.locator(".made").scroll_into_view_if_needed()
    yield "made"
    page.locator("#tab-solid").click()
    told = page.locator(".solid-controls [role=status]")
    expect(told).to_have_text(re.compile("^$|WebGL"))
    if page.locator(".solid-canvas").count():  # else flat, for want of WebGL
        page.locator(".solid-canvas").evaluate(TURNED)
        expect(told).to_contain_text("23°")
    yield "solid"
    page.keyboard.press("Escape")
    expect(page.locator(".viewer")).to_have_count(0)


def _many(page: Page, folder: Path) -> Iterator[str]:
    many = write_many(folder / "many")
    page.locator("#clear").click()
    page.set_input_files("#pick", many)
    expect(page.locator("#many")).to_be_visible()
    yield "many"
    page.locator("#many-dataset").click()
    expect(page.locator(".dataset .tally")).not_to_be_empty()
    expect(page.locator(".bulk-errors details")).to_have_count(1, timeout=2 * PATIENT_MS)
    page.locator(".bulk-errors summary").click()
    yield "dataset"
    page.set_input_files("#pick", write_clip(folder / "walk.mp4"))
    film = page.locator(".dataset").nth(1)
    expect(film.locator(".player")).to_be_visible(timeout=2 * PATIENT_MS)
    yield "film"
    page.locator("#live").click()
    expect(page.locator(".live-told")).to_have_text(re.compile(r"\d (ms|毫秒)"))
    page.keyboard.press("f")
    yield "live"
    page.keyboard.press("Escape")
    page.locator("#bucket summary").click()
    expect(page.locator("#bucket form")).to_be_visible()
    yield "bucket"
    page.locator("#bucket summary").click()
