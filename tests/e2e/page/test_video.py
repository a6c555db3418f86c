"""A clip dropped: its frames are counted, then photograph and depth play in step."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.page.files import FRAMES, write_clip
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
        re.compile(f"^Done · {FRAMES} of {FRAMES}( ·|$)"), timeout=2 * PATIENT_MS
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


# Texts of the forms that the page fills: drivers do not hand out what is sent with a file.
NOTE = """() => {
  window.sent = [];
  const append = FormData.prototype.append;
  FormData.prototype.append = function (name, value, ...more) {
    if (typeof value === "string") window.sent.push([name, value]);
    return append.call(this, name, value, ...more);
  };
}"""
MODELS = {
    "default": "midas_small",
    "models": [
        {"name": "dpt_large_384", "lanes": ["bulk"]},
        {"name": "midas_small", "lanes": ["bulk", "interactive"]},
    ],
    "known": [{"name": "dpt_large_384", "line": {"en": "seconds an image", "zh": "每张数秒"}}],
}


def test_a_service_of_several_models_lets_one_choose_for_films_and_photographs(go, clip, coffee):
    # Given a service whose workers hold two models
    page = go().page
    page.route(re.compile(r"/v1/models$"), lambda route: route.fulfill(json=MODELS))
    page.evaluate(NOTE)
    page.locator(".intake .options summary").click()
    choice = page.locator("#which-model select")
    expect(choice).to_be_visible()
    assert choice.locator("option").all_inner_texts() == [
        "midas_small",
        "dpt_large_384 – seconds an image – datasets and videos only",
    ]
    # When the larger is chosen, what is sent names it
    choice.select_option("dpt_large_384")
    refused = {"code": "model_not_served", "detail": "No worker serves dpt_large_384 now."}
    page.route(
        re.compile(r"/v1/(videos|jobs)$"), lambda route: route.fulfill(status=400, json=refused)
    )
    for file, card in ((clip, ".dataset .tally"), (coffee, ".card .card-state")):
        page.set_input_files("#pick", file)
        expect(page.locator(card)).to_have_text("No worker serves that model.")
    models = [value for name, value in page.evaluate("window.sent") if name == "model"]
    assert models == ["dpt_large_384"] * 2
    # And a reload has not forgotten it
    page.reload()
    page.locator(".intake .options summary").click()
    expect(choice).to_have_value("dpt_large_384")


def test_where_there_is_one_model_there_is_no_choice_and_none_is_named(go, coffee):
    page = go().page
    with page.expect_response(re.compile(r"/v1/models$")):
        page.locator(".intake .options summary").click()
    expect(page.locator("#options select[name=colormap]")).to_be_visible()
    expect(page.locator("#which-model")).to_be_hidden()
    page.evaluate(NOTE)
    with page.expect_request(re.compile(r"/v1/jobs$")):
        page.set_input_files("#pick", coffee)
    names = [name for name, _ in page.evaluate("window.sent")]
    assert "colormap" in names
    assert "model" not in names


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
