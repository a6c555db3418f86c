"""Who can use the page: axe finds nothing serious in any state; it fits from 320 px to 4K."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page.browsers import visit
from tests.e2e.page.states import states
from tests.e2e.page.steps import add, look_closer

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


# Where a state changes the page only in part, only that part is looked at again.
CHANGED = {
    "options": ".intake", "full": "#pictures", "key": "#login", "queued": "#pictures",
    "history": "#past", "many": "#many", "dataset": "#datasets", "film": "#datasets",
    "live": "dialog.live",
    **dict.fromkeys(("look", "measure", "side", "menu", "made", "solid"), ".viewer"),
}  # fmt: skip


def serious(page: Page, state: str = "") -> list[str]:
    """Return what axe finds serious or critical in the page as it is."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE + "; null")
    where = CHANGED.get(state, "html")
    found = page.evaluate("([where, rules]) => axe.run(where, rules)", [where, RULES])
    return [
        f"{one['id']} at {node['target']}: {node['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.timeout(900)  # twenty states, one after the other
@pytest.mark.parametrize(
    ("name", "locale", "scheme"),
    [("chromium", "en-US", "light"), ("chromium", "zh-CN", "dark"), ("firefox", "zh-CN", "light")],
)
def test_in_every_state_axe_finds_nothing_serious_and_the_policy_holds(
    browsers: Callable[[str], Browser],
    site: str,
    tmp_path: Path,
    name: str,
    locale: str,
    scheme: str,
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "reduced_motion": "reduce"}
    visited = visit(browsers(name), f"{site}/", viewport={"width": 1200, "height": 800}, **options)
    found = {state: serious(visited.page, state) for state in states(visited.page, tmp_path)}
    visited.page.goto(f"{site}/ops")
    expect(visited.page.locator("#board")).to_be_visible()
    found["operations"] = serious(visited.page)
    visited.page.context.close()
    assert {state: troubles for state, troubles in found.items() if troubles} == {}
    assert visited.troubles == []


@pytest.mark.parametrize("width", [320, 390, 768, 3840])
def test_nothing_is_wider_than_the_screen(go, coffee, width):
    page = go(viewport={"width": width, "height": 800}).page
    add(page, coffee)
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width
    look_closer(page)
    assert page.evaluate("document.querySelector('.viewer').scrollWidth") <= width
    page.get_by_role("tab", name="Make").click()
    expect(page.locator(".menu-head").first).to_be_visible()
    assert page.evaluate("document.querySelector('.viewer-panel').scrollWidth") <= width


def test_a_picture_is_added_looked_at_and_left_by_keys_alone(go):
    page = go().page
    page.get_by_role("button", name="coffee").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card[data-state=succeeded] .stage-heat:visible")).to_have_count(1)
    page.locator(".card-open").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".look-stage")).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Look").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Make")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".viewer")).to_have_count(0)
    expect(page.locator(".card-open")).to_be_focused()


def test_the_language_is_the_browsers_and_the_switch_is_remembered(go):
    page = go(locale="zh-CN").page
    expect(page.get_by_role("heading", level=1)).to_have_text("这张照片里的东西各有多远？")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.locator("#language").select_option("en")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "How far away is everything in this picture?"
    )
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#language")).to_have_value("en")
