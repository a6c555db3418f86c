"""The operations page: what it draws, and that its data wants a key where there are keys."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect


def test_it_shows_charts_workers_failures_and_room(go, shown):
    expect(shown.page.locator(".card[data-state=succeeded]")).to_have_count(1)
    page = go("/ops").page
    expect(page.get_by_role("img", name=re.compile(r"Pictures waiting: now \d"))).to_be_visible()
    expect(page.locator(".chart")).to_have_count(4)
    expect(page.locator("#workers tr").first).to_contain_text("midas_small")
    expect(page.locator("#failures li").first).to_be_visible()
    expect(page.locator("#room")).to_contain_text("Redis memory")
    expect(page.locator("#room meter").last).to_be_visible()
    page.locator("#language").select_option("zh")
    expect(page.get_by_role("heading", level=1)).to_have_text("服务运行状况")


def test_on_a_phone_every_column_of_a_worker_is_seen(go):
    page = go("/ops", viewport={"width": 390, "height": 844}).page
    row = page.locator("#workers tr").first
    expect(row).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    scroll = page.locator(".scroll").evaluate("it => it.scrollWidth - it.clientWidth")
    assert scroll == 0
    cells = row.locator("td")
    titles = cells.evaluate_all("all => all.map((cell) => cell.dataset.title)")
    assert titles == ["Lane", "Model (engine)", "State", "In work", "Pictures per second, measured"]
    for cell in cells.all():
        box = cell.bounding_box()
        assert box
        assert 0 <= box["x"] < box["x"] + box["width"] <= 390
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(
        1 + page.locator("#workers tr").count()
    )


def test_a_new_look_leaves_in_place_what_is_read(go):
    page = go("/ops").page
    expect(page.locator(".chart")).to_have_count(4)
    page.evaluate(
        "window.read = [...document.querySelectorAll('.chart, #workers tr, #room label')]"
    )
    before = page.get_by_role("img").first.get_attribute("aria-label")
    page.locator("#language").select_option("zh")  # draws all anew, as a look does
    expect(page.get_by_role("img").first).not_to_have_attribute("aria-label", before or "")
    assert page.evaluate("window.read.map((node) => node.isConnected)") == [True] * page.evaluate(
        "window.read.length"
    )


def test_it_says_what_the_service_lacks_while_its_workers_are_up(go):
    page = go("/ops").page
    expect(page.locator("#state")).to_have_text(re.compile(r"^\d workers? (is|are) up$"))
    checks = {"redis": {"ok": True}, "storage": {"ok": False, "detail": "S3 does not answer"}}
    page.route("**/readyz", lambda route: route.fulfill(status=503, json={"checks": checks}))
    said = re.compile(
        r"^The storage does not answer: new pictures are refused until it does\. \d worker"
    )
    expect(page.locator("#state")).to_have_text(said)
    page.unroute("**/readyz")
    expect(page.locator("#state")).to_have_text(re.compile(r"^\d workers? (is|are) up$"))


def test_it_asks_for_a_key_and_goes_on(go):
    page = go("/").page

    def guard(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer open-sesame":
            route.continue_()
        else:
            route.fulfill(status=401, json={"code": "unauthorized"})

    page.route(re.compile(r"/v1/metrics$"), guard)
    page.get_by_role("link", name="How the service is doing").click()
    page.get_by_label("This service asks for a key").fill("open-sesame")
    page.keyboard.press("Enter")
    expect(page.locator("#board")).to_be_visible()
    expect(page.locator("#login")).to_be_hidden()
