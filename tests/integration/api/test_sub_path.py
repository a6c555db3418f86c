"""The service below a path of its host, behind proxies that strip the path and that leave it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from api.answers.prefixes import prefix_of, without_prefix
from tests.e2e.page.browsers import launch
from tests.e2e.service.test_page import open_page
from tests.integration.api import worker
from tests.services.front import running_front
from tests.services.path_proxy import path_proxy
from tests.tiers import thorough
from tests.unit.api.fakes import jpeg
from tests.waits import wait_until

PREFIX = "/depth"
PUBLIC = f"http://localhost{PREFIX}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without its windows, as for the tests of the page."""
    with sync_playwright() as playwright:
        chromium = launch(playwright, "chromium")
        yield chromium
        chromium.close()


@pytest.fixture(params=[pytest.param(True, id="stripped"), thorough(False, name="left")])
def behind(request, make_api):
    """The API, the address of its page, and what was asked for beside it."""
    api = make_api(public_url=PUBLIC)
    with (
        running_front(api.app, public_url=PUBLIC, max_archive_bytes=3_000_000) as front,
        path_proxy(PREFIX, int(front.effective_port), strips=request.param) as (port, strays),
    ):
        yield api, f"http://127.0.0.1:{port}{PREFIX}", strays


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (0, 200, 0)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("slash", ["", thorough("/")])
def test_the_page_works_below_a_path(behind, browser, tmp_path, monkeypatch, slash) -> None:
    api, url, strays = behind
    monkeypatch.setattr(worker, "DEPTH", png())
    picture = tmp_path / "a.jpg"
    picture.write_bytes(jpeg())
    page, troubles = open_page(browser, url + slash)
    expect(page.locator("#version")).not_to_be_empty()
    page.set_input_files("#pick", picture)
    wait_until(lambda: len(api.parts.dispatch.sent) == 1, "the picture is submitted")
    worker.succeed(api.parts, api.parts.dispatch.sent[0][0])
    expect(page.locator(".card[data-state=succeeded] .stage-heat:visible")).to_have_count(1)
    with page.expect_download() as download:
        page.locator(".get-depth").click()
    assert download.value.path().read_bytes() == png()
    assert (strays, troubles) == ([], [])
    page.context.close()


def test_the_documentation_works_below_a_path(behind, browser) -> None:
    _, url, strays = behind
    page, troubles = open_page(browser, f"{url}/docs")
    said = page.locator(".opblock-summary-description", has_text="Submit an image")
    expect(said).to_be_visible()
    assert (strays, troubles) == ([], [])
    page.context.close()


def test_the_operations_page_works_below_a_path(behind, browser) -> None:
    _, url, strays = behind
    page, troubles = open_page(browser, f"{url}/ops")
    expect(page.locator(".chart")).to_have_count(4)
    page.locator(".home").click()
    expect(page.locator("#version")).not_to_be_empty()
    assert (strays, troubles) == ([], [])
    page.context.close()


def test_links_lead_below_the_path(behind) -> None:
    _, url, _ = behind
    job = httpx2.post(f"{url}/v1/jobs", content=jpeg(), headers={"Content-Type": "image/jpeg"})
    assert job.status_code == 202
    assert job.headers["Location"] == f"{PUBLIC}/v1/jobs/{job.json()['id']}"
    here = job.headers["Location"].replace(PUBLIC, url)
    assert httpx2.get(here).json()["id"] == job.json()["id"]


def test_archives_have_their_own_limit_below_the_path(behind) -> None:
    _, url, _ = behind
    sent = {"archive": ("a.zip", bytes(2_000_000))}  # images: 1 MiB
    answer = httpx2.post(f"{url}/v1/datasets", files=sent)
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    ("public", "prefix"),
    [
        (None, ""),
        ("http://a.example", ""),
        ("http://a.example/", ""),
        ("https://a.example/depth/", "/depth"),
        ("https://a.example/x/y z", "/x/y%20z"),
        ('https://a.example/"><script>', "/%22%3E%3Cscript%3E"),
    ],
)
def test_the_prefix_is_the_path_of_the_public_url(public: str | None, prefix: str) -> None:
    assert prefix_of(public) == prefix


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/depth", "/"),
        ("/depth/", "/"),
        ("/depth/v1/jobs", "/v1/jobs"),
        ("/depths", "/depths"),
        ("/v1/depth/", "/v1/depth/"),
        ("/", "/"),
    ],
)
def test_the_prefix_is_taken_away_once_and_whole(path: str, own: str) -> None:
    assert without_prefix(path, "/depth") == own
    assert without_prefix(path, "") == path
