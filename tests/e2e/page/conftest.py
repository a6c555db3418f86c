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
from tests.photographs import FOLDER
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer
from tests.tiers import thorough


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
    workers = [WorkerProcess(settings, folder / lane.value, lane.value) for lane in Lane]
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
def go(browser: Browser, site: str) -> Iterator[Callable[..., Visit]]:
    """Visit a path of the site; at the end nothing has gone wrong, and no request left it."""
    visits: list[Visit] = []

    def open_at(path: str = "/", **context: Any) -> Visit:
        context.setdefault("locale", "en-US")
        context.setdefault("reduced_motion", "reduce")  # 60 pictures a second of a moving bar
        visits.append(visit(browser, site + path, **context))
        return visits[-1]

    yield open_at
    troubles = [trouble for visited in visits for trouble in visited.troubles]
    for visited in visits:
        visited.page.context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def coffee() -> Path:
    """A photograph."""
    return FOLDER / "coffee.png"
