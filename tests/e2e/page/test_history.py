"""Pictures to try, and what the browser remembers until it is told to forget."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.page.steps import DONE_MS


def test_a_sample_is_tried_and_remembered_until_all_is_forgotten(go):
    page = go().page
    page.get_by_role("button", name="cat").click()
    shown = page.locator(".card[data-state=succeeded] .stage-heat:visible")
    expect(shown).to_have_count(1, timeout=DONE_MS)
    page.evaluate("sessionStorage.clear()")  # another tab knows nothing of this one's cards
    page.reload()
    expect(page.locator(".card")).to_have_count(0)
    page.locator("#past summary").click()
    page.get_by_role("button", name="Open cat.jpg again").click()
    expect(shown).to_have_count(1, timeout=DONE_MS)
    page.get_by_role("button", name="Forget all").click()
    expect(page.get_by_text("Nothing is remembered.")).to_be_visible()


def test_a_picture_is_pasted(go, coffee):
    page = go().page
    page.evaluate(
        """(bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
          document.dispatchEvent(Object.assign(new Event("paste"), { clipboardData: data }));
        }""",
        list(coffee.read_bytes()),
    )
    expect(page.get_by_role("heading", name="pasted.png")).to_be_visible()
    shown = page.locator(".card[data-state=succeeded] .stage-heat:visible")
    expect(shown).to_have_count(1, timeout=DONE_MS)
