"""Looking at one picture: how it is shown, its colors, what lies where."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.page.steps import color_at, look_closer, tap
from tests.waits import wait_until

FAR, NEAR = (0.9, 0.1), (0.3, 0.6)


def test_a_picture_is_shown_in_four_ways_and_enlarged(shown):
    page = shown.page
    stage = look_closer(page)
    frames = stage.locator(".frame:visible")
    for name, mode, count in [
        ("Side by side", "side", 2),
        ("Overlay", "overlay", 1),
        ("Depth only", "depth", 1),
        ("Slider", "slider", 1),
    ]:
        page.get_by_text(name, exact=True).click()
        expect(stage).to_have_attribute("data-mode", mode)
        expect(frames).to_have_count(count)
    stage.focus()
    page.keyboard.press("+")
    expect(stage.locator("canvas")).to_have_attribute("style", re.compile(r"scale\(1\.4\)"))
    page.keyboard.press("0")
    expect(stage.locator("canvas")).to_have_attribute("style", re.compile(r"scale\(1\)"))


def test_colors_and_range_change_at_once_without_a_request(shown):
    page = shown.page
    look_closer(page)
    colors = page.locator(".viewer select")
    colors.select_option("viridis")
    wait_until(lambda: color_at(page, *NEAR)[1] > color_at(page, *NEAR)[0], "near is green")
    asked = len(shown.asked)
    colors.select_option("gray")
    wait_until(lambda: len(set(color_at(page, *NEAR))) == 1, "near is gray")
    near = color_at(page, *NEAR)
    assert color_at(page, *FAR)[0] < near[0]
    page.get_by_label("Bright is far").check()
    wait_until(lambda: color_at(page, *NEAR) == [255 - near[0]] * 3, "it is inverted")
    page.get_by_label("Bright is far").uncheck()
    page.get_by_label("Colors begin at (far)").fill("0.99")
    wait_until(lambda: color_at(page, *FAR) == [0, 0, 0], "far is cut off")
    assert len(shown.asked) == asked


def test_two_points_are_compared_and_known_distances_make_metres(shown):
    page = shown.page
    stage = look_closer(page)
    tap(stage, *NEAR)
    tap(stage, *FAR)
    result = page.locator(".result")
    expect(result).to_have_text(re.compile(r"A is nearer; B is about \d\.\d times as far"))
    page.get_by_text("In metres, from known distances").click()
    page.get_by_label("Metres to point A").fill("0.5")
    page.get_by_label("Metres to point B").fill("1.5")
    expect(result).to_have_text(
        re.compile(r"A: 0\.5 m \(0\.4\d to 0\.5\d m\) · B: 1\.5 m .*3 times")
    )
    page.get_by_label("Metres to point B").fill("0.2")
    expect(page.get_by_text("These two do not fit")).to_be_visible()


def test_the_cross_goes_by_keys_and_says_what_it_meets(shown):
    page = shown.page
    stage = look_closer(page)
    stage.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".reading")).to_have_text(re.compile(r"nearness \d+ of 100"))
    page.keyboard.press("Enter")
    expect(page.locator(".result")).to_have_text(re.compile(r"A: nearness \d+ of 100\. Now tap"))
    page.keyboard.press("Escape")
    expect(page.locator(".viewer")).to_have_count(0)
