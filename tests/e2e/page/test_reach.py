"""Who can use the page: axe finds nothing serious in any state; it fits from 320 px to 4K."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page.browsers import NAMES, visit
from tests.e2e.page.states import BULK, states
from tests.e2e.page.steps import look_closer
from tests.tiers import thorough

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What is serious is picked out in the page: what else axe notes of every node is a megabyte.
LOOK = """async ([where, rules]) => (await axe.run(where, rules)).violations
  .filter(({ impact }) => ["serious", "critical"].includes(impact))
  .flatMap(({ id, nodes }) => nodes.map(
    ({ target, failureSummary }) => `${id} at ${target}: ${failureSummary.slice(0, 200)}`
  ))"""

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
    return list(page.evaluate(LOOK, [CHANGED.get(state, "html"), RULES]))


# In each browser each language in each theme. Every state is looked at in every theme and language
# by one browser at least: they take the themes in turn, one begins with the other. Datasets and
# films take their time: each browser sees them in one language, in both themes.
RUNS = [
    ("chromium", "en-US", ("light", "dark"), True),
    ("chromium", "zh-CN", ("dark", "light"), False),
    ("firefox", "en-US", ("dark", "light"), False),
    ("firefox", "zh-CN", ("light", "dark"), True),
]


def test_both_browsers_look_at_every_state_in_each_theme_and_language() -> None:
    for language in ("en-US", "zh-CN"):
        first, second = (schemes for _, locale, schemes, _ in RUNS if locale == language)
        assert first == second[::-1]
    assert {(name, locale) for name, locale, *_ in RUNS} == set(product(NAMES, ("en-US", "zh-CN")))
    assert {name for name, *_, bulk in RUNS if bulk} == set(NAMES)


@pytest.mark.timeout(900)  # twenty states, one after the other
@pytest.mark.parametrize(
    ("name", "locale", "schemes", "bulk"),
    [
        pytest.param(*RUNS[0], id="chromium-en-US"),
        *(thorough(*run, name=f"{run[0]}-{run[1]}") for run in RUNS[1:]),
    ],
)
def test_in_every_state_axe_finds_nothing_serious_and_the_policy_holds(
    browsers: Callable[[str], Browser],
    site: str,
    tmp_path: Path,
    name: str,
    locale: str,
    schemes: tuple[Literal["light", "dark"], ...],
    bulk: bool,
) -> None:
    options = {"locale": locale, "viewport": {"width": 1200, "height": 800}}
    visited = visit(browsers(name), f"{site}/", **options, reduced_motion="reduce")
    page, found = visited.page, {}

    def look(state: str, *themes: Literal["light", "dark"]) -> None:
        for theme in themes:
            page.emulate_media(color_scheme=theme)
            found[state, theme] = serious(page, state)

    for at, state in enumerate(states(page, tmp_path, bulk=bulk)):
        look(state, *(schemes if state in BULK else schemes[at % 2 :][:1]))
    page.goto(f"{site}/ops")
    expect(page.locator("#board")).to_be_visible()
    look("operations", *schemes)
    page.context.close()
    assert {about: troubles for about, troubles in found.items() if troubles} == {}
    assert visited.troubles == []


@pytest.mark.parametrize("width", [320, thorough(390), thorough(768), thorough(3840)])
def test_nothing_is_wider_than_the_screen(shown, width):
    page = shown.page
    page.set_viewport_size({"width": width, "height": 800})
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
