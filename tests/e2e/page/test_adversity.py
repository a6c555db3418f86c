"""The page where the browser keeps nothing or no more, and where something else answers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.page.files import write_two
from tests.e2e.page.steps import add
from tests.tiers import thorough
from tests.waits import PATIENT_MS

# What browsers do where all site data are blocked.
CLOSED = """for (const name of ["sessionStorage", "localStorage", "indexedDB"]) {
  const get = () => { throw new DOMException("denied", "SecurityError"); };
  Object.defineProperty(window, name, { get });
}"""
# A tab in which many pictures were made: not one more character fits.
FILLED = """() => {
  for (let size = 1 << 20, at = 0; size; at += 1) {
    try { sessionStorage.setItem(`depthq.preview.${at}`, "x".repeat(size)); } catch { size >>= 1; }
  }
}"""


@pytest.fixture
def two(tmp_path):
    """A ZIP of two pictures."""
    return write_two(tmp_path / "two.zip")


def test_where_the_browser_keeps_nothing_there_is_depth_all_the_same(go, coffee):
    page = go(alone=True).page
    page.add_init_script(CLOSED)
    page.reload()
    add(page, coffee)
    page.locator(".intake .options summary").click()
    page.locator("#options [name=colormap]").select_option("magma")
    page.locator("#language").select_option("zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/ops", page.url))
    expect(page.locator("#board")).to_be_visible()


def test_a_full_tab_still_follows_a_dataset_and_draws_the_operations(go, two):
    page = go().page
    page.evaluate(FILLED)
    page.set_input_files("#pick", two)
    tally = page.locator(".dataset .tally")
    expect(tally).to_have_text(re.compile("Done · 2 of 2"), timeout=2 * PATIENT_MS)
    page.evaluate(FILLED)
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/ops", page.url))
    expect(page.locator("#board")).to_be_visible()
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/", page.url))
    expect(page.locator(".dataset .tally")).to_have_text(re.compile("Done"))


@pytest.mark.parametrize("kept", ['{"colormap": "magma", "gone": "x"}', "no json", thorough("7")])
def test_what_another_version_of_the_page_has_kept_does_not_stop_this_one(go, coffee, kept):
    page = go().page
    page.evaluate(
        """kept => {
          for (const name of ["options", "jobs", "datasets", "operations"]) {
            sessionStorage.setItem(`depthq.${name}`, kept);
          }
        }""",
        kept,
    )
    page.reload()
    add(page, coffee)
    colors = page.locator("#options [name=colormap]")
    expect(colors).to_have_value("magma" if "magma" in kept else "inferno")


def test_a_login_page_that_answers_for_the_service_is_said_and_waited_for(go, coffee):
    page = go().page
    login = {"status": 200, "content_type": "text/html", "body": "<h1>Log in</h1>"}
    for calls in (r"/v1/jobs$", r"/v1/jobs/\w+\?wait"):  # the upload, and the look after it
        page.route(re.compile(calls), lambda route: route.fulfill(**login), times=1)
    page.set_input_files("#pick", coffee)
    expect(page.locator(".card-state")).to_contain_text("Something else answered")
    expect(page.locator(".stage-heat:visible")).to_have_count(1)


def test_a_service_that_is_away_for_a_moment_loses_no_dataset_from_sight(go, two):
    page = go().page
    away = {"status": 503, "json": {"code": "storage_unavailable"}}
    page.route(re.compile(r"/v1/datasets/[^/]+$"), lambda route: route.fulfill(**away), times=2)
    page.set_input_files("#pick", two)
    tally = page.locator(".dataset .tally")
    expect(tally).to_contain_text("cannot reach its storage just now. Trying again in")
    expect(tally).to_have_text(re.compile("Done · 2 of 2"), timeout=2 * PATIENT_MS)
