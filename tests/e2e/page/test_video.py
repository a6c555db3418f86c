"""A clip dropped: its frames are counted, then photograph and depth play in step."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.page.clips import FRAMES, write_clip
from tests.waits import PATIENT_MS

pytest.importorskip("av")
PLAYS = """() => document.createElement("video").canPlayType('video/mp4; codecs="avc1.42E01E"')"""


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "walk.mp4")


def test_a_clip_becomes_two_films_in_step(go, clip):
    page = go().page
    page.set_input_files("#pick", clip)
    card = page.locator(".dataset")
    expect(card.locator(".tally")).to_have_text(
        re.compile(f"^Done · {FRAMES} of {FRAMES}, 0 failed"), timeout=2 * PATIENT_MS
    )
    if page.evaluate(PLAYS) == "":
        pytest.skip("no codec for Firefox's films (make setup-browser)")
    depth = card.get_by_label("Depth of walk.mp4")
    expect(depth).to_be_visible()
    expect(card.get_by_label("Film walk.mp4")).to_be_visible()
    page.wait_for_function("() => document.querySelectorAll('video')[1].readyState >= 2")
    card.get_by_label("Place in the film").fill("0.5")
    times = "() => [...document.querySelectorAll('video')].map((film) => film.currentTime)"
    photo, made = page.evaluate(times)
    assert photo == pytest.approx(made, abs=0.08)
    assert made == pytest.approx(FRAMES / 4 / 2, abs=0.3)
    expect(card.get_by_role("button", name="Download film: walk.mp4")).to_be_visible()


def test_a_film_that_cannot_be_shown_is_offered_for_download(go, clip):
    # Given a browser that can play neither the clip nor what was made of it
    page = go().page
    page.route(re.compile(r"/v1/videos/[^/]+/files/.*"), lambda route: route.fulfill(
        status=200, content_type="video/mp4", body=b"no film"
    ))  # fmt: skip
    page.set_input_files("#pick", clip)
    card = page.locator(".dataset")
    expect(card.get_by_text("cannot be shown. Download it instead.")).to_be_visible(
        timeout=2 * PATIENT_MS
    )
    expect(card.locator("video")).to_have_count(0)
    expect(card.get_by_role("button", name="Download film: walk.mp4")).to_be_visible()
