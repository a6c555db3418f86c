"""Cards: no empty frames, the first result on a phone's first screen, what is read aloud of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.page.steps import add, look_closer

PHONE = {"width": 390, "height": 844}


def test_a_file_that_is_no_picture_has_no_empty_frame(go, coffee, tmp_path):
    # Given more pictures than the screen holds, and below them a file that is none
    lie = tmp_path / "notes.jpg"
    lie.write_text("not a picture")
    page = go(viewport=PHONE).page
    add(page, coffee)
    page.evaluate("window.scrollTo(0, 0)")
    page.locator(".card .stage-original").evaluate("it => it.scrollIntoView()")
    page.set_input_files("#pick", lie)
    card = page.locator(".card", has_text="notes.jpg")
    expect(card).to_have_attribute("data-state", "failed")
    # Then its message stands below its name, without a frame between
    expect(card.locator(".card-state")).to_contain_text("not a picture")
    expect(card.locator(".stage")).to_be_hidden()
    box = card.bounding_box()
    assert box
    assert box["height"] < 200


def test_a_photograph_that_failed_is_still_seen(go, coffee):
    page = go(viewport=PHONE).page
    failed = {"code": "poisoned", "detail": "gave up"}
    page.route(re.compile(r"/v1/jobs$"), lambda route: route.fulfill(status=400, json=failed))
    page.set_input_files("#pick", [coffee, coffee, coffee])
    expect(page.locator(".card[data-state=failed] .stage-original:visible")).to_have_count(3)


def test_on_a_phone_the_first_result_is_on_the_first_screen(go, coffee):
    page = go(viewport=PHONE, has_touch=True).page
    expect(page.locator("#samples")).to_be_visible()
    add(page, coffee)
    page.evaluate("window.scrollTo(0, 0)")
    stage = page.locator(".card .stage").bounding_box()
    assert stage
    assert stage["y"] + stage["height"] < 0.85 * PHONE["height"]
    expect(page.get_by_text("Choose pictures")).to_be_in_viewport()


def test_a_result_is_told_to_those_who_do_not_see_it(go, coffee):
    page = go(viewport={"width": 1200, "height": 800}).page
    add(page, coffee)
    said = page.locator("#announce")
    expect(said).to_have_text(
        re.compile(r"^Ready\. Depth map of coffee\.png: nearest at the .+, farthest at the .+$")
    )
    # A text that was made is read out with the news of it
    look_closer(page)
    page.get_by_role("tab", name="Make").click()
    page.locator(".menu-head[aria-controls=make-description]").click()
    page.locator("#make-description").get_by_role("button", name="Make it").click()
    text = page.locator("p.said")
    expect(text).to_be_visible()
    expect(page.locator(".make > [role=status]")).to_contain_text(text.inner_text())


def test_what_was_there_before_a_reload_is_no_news(shown):
    page = shown.page
    page.reload()
    expect(page.locator(".card .stage-heat:visible")).to_have_count(1)
    expect(page.locator("#announce")).to_be_empty()


def test_a_jump_to_the_pictures_is_offered_once_there_are_some(go, coffee):
    page = go().page
    skip = page.get_by_role("link", name="Skip to the pictures")
    expect(skip).to_have_count(0)
    add(page, coffee)
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pictures")).to_be_focused()
