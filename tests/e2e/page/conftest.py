"""The page on the whole service, its files on this machine's disk, in each browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from contract.names.queues import Lane
from contract.settings import Settings
from tests.conftest import ENVIRONMENT
from tests.e2e.page.browsers import NAMES, Visit, launch, visit
from tests.photographs import FOLDER
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer


@pytest.fixture(scope="module")
def site(valkey_session: ValkeyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service: that of PAGE_SITE, for quick tries, or one of its own."""
    if "PAGE_SITE" in ENVIRONMENT:
        yield ENVIRONMENT["PAGE_SITE"]
        return
    folder = tmp_path_factory.mktemp("site")
    valkey_session.thaw()
    valkey_session.start()
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


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module", params=NAMES)
def browser(playwright: Playwright, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Each browser in turn."""
    running = launch(playwright, request.param)
    yield running
    running.close()


@pytest.fixture
def go(browser: Browser, site: str) -> Iterator[Callable[..., Visit]]:
    """Visit a path of the site; at the end nothing has gone wrong, and no request left it."""
    visits: list[Visit] = []

    def open_at(path: str = "/", **context: Any) -> Visit:
        context.setdefault("locale", "en-US")
        visits.append(visit(browser, site + path, **context))
        return visits[-1]

    yield open_at
    troubles = [trouble for visited in visits for trouble in visited.troubles]
    for visited in visits:
        visited.page.context.close()
    assert troubles == []


@pytest.fixture(scope="module")
def coffee() -> Path:
    """A photograph."""
    return FOLDER / "coffee.png"
