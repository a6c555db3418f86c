"""A clip dropped: its frames are counted, then photograph and depth play in step."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.page.steps import DONE_MS
from tests.photographs import photograph

av = pytest.importorskip("av")
FRAMES = 8


@pytest.fixture
def clip(tmp_path):
    """Eight frames of a photograph that moves to the side."""
    path = tmp_path / "walk.mp4"
    pixels = photograph("chelsea.png")
    with av.open(str(path), "w") as film:
        stream = film.add_stream("h264", rate=4)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for at in range(FRAMES):
            cut = pixels[60:180, 4 * at : 4 * at + 160].copy()
            film.mux(stream.encode(av.VideoFrame.from_ndarray(cut, format="bgr24")))
        film.mux(stream.encode())
    return path


def test_a_clip_becomes_two_films_in_step(go, clip):
    page = go().page
    page.set_input_files("#pick", clip)
    card = page.locator(".dataset")
    expect(card.locator(".tally")).to_have_text(
        re.compile(f"^Done · {FRAMES} of {FRAMES}, 0 failed"), timeout=2 * DONE_MS
    )
    if page.context.browser.browser_type.name == "firefox":
        pytest.skip("Debian's Firefox comes without the codec of the film")
    depth = card.get_by_label("Depth of walk.mp4")
    expect(depth).to_be_visible(timeout=DONE_MS)
    expect(card.get_by_label("Film walk.mp4")).to_be_visible()
    page.wait_for_function("() => document.querySelectorAll('video')[1].readyState >= 2")
    card.get_by_label("Place in the film").fill("0.5")
    times = "() => [...document.querySelectorAll('video')].map((film) => film.currentTime)"
    photo, made = page.evaluate(times)
    assert photo == pytest.approx(made, abs=0.08)
    assert made == pytest.approx(FRAMES / 4 / 2, abs=0.3)
    expect(card.get_by_role("button", name="Download film: walk.mp4")).to_be_visible()
