"""Sample pictures, and what the browser keeps until *Forget all*."""

from __future__ import annotations

import base64

from playwright.sync_api import expect

from tests.photographs import crops


def test_a_sample_is_tried_and_remembered_until_all_is_forgotten(go):
    page = go().page
    page.get_by_role("button", name="cat").click()
    shown = page.locator(".card[data-state=succeeded] .stage-heat:visible")
    expect(shown).to_have_count(1)
    page.evaluate("sessionStorage.clear()")  # another tab knows nothing of this one's cards
    page.reload()
    expect(page.locator(".card")).to_have_count(0)
    page.locator("#past summary").click()
    page.get_by_role("button", name="Open cat.jpg again").click()
    expect(shown).to_have_count(1)
    page.get_by_role("button", name="Forget all").click()
    expect(page.get_by_text("Nothing is remembered.")).to_be_visible()


def test_a_picture_is_pasted(go):
    page = go().page
    page.evaluate(
        """(text) => {
          const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
          document.dispatchEvent(Object.assign(new Event("paste"), { clipboardData: data }));
        }""",
        base64.b64encode(next(crops(1))).decode(),
    )
    expect(page.get_by_role("heading", name="pasted.jpg")).to_be_visible()
    shown = page.locator(".card[data-state=succeeded] .stage-heat:visible")
    expect(shown).to_have_count(1)
