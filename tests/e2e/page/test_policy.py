"""The content security policy has no exceptions, and every page gets along with it."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_documentation_of_the_api_works_without_inline_styles(go):
    page = go("/docs").page
    operation = page.locator("#operations-jobs-create_job")
    expect(operation).to_be_visible(timeout=30_000)
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    expect(operation.get_by_role("button", name="Execute")).to_be_visible()
    assert operation.evaluate("it => getComputedStyle(it).borderTopStyle") == "solid"


def test_a_style_that_breaks_the_policy_would_be_noticed(go):
    visited = go()
    visited.page.evaluate(
        "() => document.head.append(Object.assign(document.createElement('style'),"
        " { textContent: 'body { color: red }' }))"
    )
    visited.page.wait_for_function("() => window.forbidden")
    (told,) = {trouble for trouble in visited.troubles if "style-src-elem forbids" in trouble}
    assert "inline" in told
    visited.troubles.clear()
