"""A service that is full or wants a key: the page says so, and goes on by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect


def test_a_full_service_is_waited_for(go, coffee):
    # Given a service that is full, once
    page = go().page
    full = {"status": 429, "headers": {"Retry-After": "1"}, "json": {"code": "overloaded"}}
    page.route("**/v1/jobs", lambda route: route.fulfill(**full), times=1)

    # When a picture is picked, then the card says so, and the picture is sent again by itself
    page.set_input_files("#pick", coffee)
    expect(page.locator(".card-state")).to_contain_text("full just now. Trying again in 1 s")
    expect(page.locator(".stage-heat:visible")).to_have_count(1)


def test_a_service_with_keys_asks_for_one_and_goes_on(go, coffee):
    page = go().page

    def guard(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer open-sesame":
            route.continue_()
        else:
            route.fulfill(status=401, json={"code": "unauthorized"})

    page.route(re.compile(r"/v1/jobs(/[^/]+)?(\?.*)?$"), guard)
    page.set_input_files("#pick", coffee)
    page.get_by_label("This service asks for a key").fill("open-sesame")
    page.keyboard.press("Enter")

    expect(page.locator(".stage-heat:visible")).to_have_count(1)
    expect(page.locator("#login")).to_be_hidden()


def test_a_document_is_told_what_it_is_and_what_to_do(go, tmp_path):
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7\n" + bytes(1000))
    page = go().page
    page.set_input_files("#pick", scan)
    expect(page.locator(".card-state")).to_contain_text("This is a document, not a picture. Save")
