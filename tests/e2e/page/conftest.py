"""The page on the whole service, its files on this machine's disk, in each browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from contract.names.queues import Lane
from contract.settings import Settings
from tests.conftest import ENVIRONMENT
from tests.e2e.page.browsers import Visit, launch, screen, visit
from tests.e2e.page.steps import add
from tests.photographs import FOLDER
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer
from tests.tiers import thorough

# Without reduced motion a waiting bar is painted many times a second.
CONTEXT: dict[str, Any] = {"locale": "en-US", "reduced_motion": "reduce"}
USUAL: Any = {"width": 1280, "height": 720}
WIDE: dict[str, Any] = {"viewport": {"width": 1200, "height": 800}}
# One picture that has its depth, nothing open over it, in English, where a visit of it begins.
AS_IT_WAS = """() => location.pathname === "/" && document.documentElement.lang === "en"
  && !document.querySelector("dialog")
  && document.querySelectorAll(".card").length === 1
  && document.querySelectorAll(".card[data-state=succeeded] .stage-heat:not([hidden])").length === 1
"""


@pytest.fixture(scope="package")
def site(valkey_session: ValkeyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service: that of PAGE_SITE, for quick tries, or one of its own."""
    if "PAGE_SITE" in ENVIRONMENT:
        yield ENVIRONMENT["PAGE_SITE"]
        return
    folder = tmp_path_factory.mktemp("site")
    valkey_session.resume()
    settings = Settings(
        _env_file=None, redis_url=valkey_session.url, data_dir=folder / "data", max_disk_share=1
    )
    api = ApiProcess(settings, folder / "api")
    # No test of the page looks at the depth of datasets and films: their network only sleeps.
    engines = {Lane.BULK: {"engine": "simulated", "simulation": True}}
    workers = [
        WorkerProcess(
            settings.model_copy(update=engines.get(lane, {})), folder / lane.value, lane.value
        )
        for lane in Lane
    ]
    try:
        api.start()
        for worker in workers:
            worker.start()
        yield api.url
    finally:
        for worker in workers:
            worker.stop()
        api.stop()


@pytest.fixture(scope="package")
def browsers() -> Iterator[Callable[[str], Browser]]:
    """Start a browser when it is first wanted; each stays for all tests of the page."""
    with screen() as display, sync_playwright() as playwright:
        running: dict[str, Browser] = {}

        def named(name: str) -> Browser:
            if name not in running:
                running[name] = launch(playwright, name, display)
            return running[name]

        yield named
        for browser in running.values():
            browser.close()


@pytest.fixture(params=["chromium", thorough("firefox")])
def browser(browsers: Callable[[str], Browser], request: pytest.FixtureRequest) -> Browser:
    """Each browser in turn; `make test` has the first."""
    return browsers(request.param)


@pytest.fixture
def go(browser: Browser, site: str, stays: dict[str, Visit]) -> Iterator[Callable[..., Visit]]:
    """Visit a path of the site; at the end nothing has gone wrong, and no request left it.

    The first visit of a test is in a page that tests use in turn, emptied of all that it kept,
    unless it wants a context with options, or one `alone`: where scripts are added to each page.
    """
    visits: list[Visit] = []
    in_turn = stays.pop("in turn", None)  # not given back by a test that breaks it

    def open_at(path: str = "/", *, alone: bool = False, **context: Any) -> Visit:
        nonlocal in_turn
        usual = shares(browser) and not alone and context.keys() <= {"viewport"}
        if usual and in_turn and not visits:
            in_turn.page.set_viewport_size(context.get("viewport", USUAL))
            in_turn.open(path)
            visits.append(in_turn)
        else:
            visits.append(visit(browser, site + path, **{**CONTEXT, **context}))
            if usual and not in_turn:
                in_turn = visits[-1]
        return visits[-1]

    yield open_at
    troubles = [trouble for visited in visits for trouble in visited.troubles]
    for visited in visits:
        if visited is not in_turn:
            visited.page.context.close()
    if in_turn:
        if in_turn in visits:
            in_turn.leave()
        stays["in turn"] = in_turn
    assert troubles == []


def shares(browser: Browser) -> bool:
    """Tell whether tests share pages of `browser`: of Firefox's windows only one is active."""
    return browser.browser_type.name == "chromium"


@pytest.fixture(scope="package")
def stays() -> Iterator[dict[str, Visit]]:
    """Visits that tests share: one in turn, one with a picture."""
    visits: dict[str, Visit] = {}
    yield visits
    for visited in visits.values():
        visited.page.context.close()


@pytest.fixture
def shown(browser: Browser, site: str, coffee: Path, stays: dict[str, Visit]) -> Iterator[Visit]:
    """A page with the depth of `coffee`, for tests that only look at it, or reload it.

    They share one visit, which takes two thirds of the CPU of such a test. What a test opens is
    closed for the next one; a page that another test has left otherwise is opened anew.
    """
    kept = stays.pop("shown", None) if shares(browser) else None
    if kept and not kept.page.evaluate(AS_IT_WAS):
        kept.page.context.close()
        kept = None
    visited = kept or visit(browser, f"{site}/", **CONTEXT, **WIDE)
    if not kept:
        add(visited.page, coffee)
    yield visited
    troubles = [*visited.troubles]
    visited.troubles.clear()
    visited.page.set_viewport_size(WIDE["viewport"])
    visited.page.evaluate("document.querySelector('.viewer')?.close()")
    if shares(browser):
        stays["shown"] = visited
    else:
        visited.page.context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def coffee() -> Path:
    """A photograph."""
    return FOLDER / "coffee.png"
