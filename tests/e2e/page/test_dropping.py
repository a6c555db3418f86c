"""Folders that are dropped: their pictures come, and what else they hold is said."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.photographs import crops

# A browser makes entries of a drop only itself: this hands the page some of the same shape.
DROP = """([folder, files]) => {
  const entry = ({ name, type, text }) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const file = new File([bytes], name, { type });
    const hand = (take, fail) => (type === "-" ? fail(new Error()) : take(file));
    return { name, isFile: true, file: hand };
  };
  const holding = (name, children) => ({
    name, isDirectory: true,
    createReader: () => ({ readEntries: (take) => take(children.splice(0, 2)) }),
  });
  const shallow = holding(folder, [...files.map(entry), holding("__MACOSX", files.map(entry))]);
  const event = new Event("drop", { bubbles: true, cancelable: true });
  event.dataTransfer = { items: [{ webkitGetAsEntry: () => shallow }], files: [] };
  document.getElementById("drop").dispatchEvent(event);
}"""


def drop(page: Page, folder: str, files: dict[str, tuple[str, bytes]]) -> None:
    given = [
        {"name": name, "type": kind, "text": base64.b64encode(data).decode()}
        for name, (kind, data) in files.items()
    ]
    page.evaluate(DROP, [folder, given])


@pytest.fixture(scope="module")
def picture() -> bytes:
    return next(iter(crops(1)))


def test_what_a_dropped_folder_holds_beside_pictures_is_said(go, picture):
    page = go().page
    drop(
        page,
        "holiday",
        {
            "a.jpg": ("image/jpeg", picture),
            "b.heic": ("", picture),  # many systems have no type for it
            "walk.mp4": ("video/mp4", b"-"),
            "run.mkv": ("", b"-"),
            "notes.txt": ("text/plain", b"-"),
            "locked.jpg": ("-", b"-"),
            "._a.jpg": ("image/jpeg", b"-"),
            "Thumbs.db": ("", b"-"),
        },
    )
    names = page.locator(".card-name")
    expect(names).to_have_text(["a.jpg", "b.heic"])
    expect(page.locator("#left")).to_have_text(
        "From “holiday” 2 pictures were taken. Left out: 2 videos (drop them by themselves for "
        "films of their depth), 2 other files."
    )
    drop(page, "more", {"c.jpg": ("image/jpeg", picture)})
    expect(names).to_have_count(3)
    expect(page.locator("#left")).to_be_empty()


def test_a_dropped_folder_without_pictures_is_said_in_both_languages(go):
    page = go(locale="zh-CN").page
    drop(page, "空", {})
    expect(page.locator("#left")).to_have_text("“空”里没有图片：文件夹是空的。")
    page.get_by_role("combobox", name="语言").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")  # its words have come
    drop(page, "films", {"walk.mp4": ("video/mp4", b"-")})
    expect(page.locator("#left")).to_have_text(
        "“films” holds no picture: 1 video (drop it by itself for a film of its depth)."
    )
    expect(page.locator(".card")).to_have_count(0)


def test_a_picture_that_is_picked_before_the_scripts_have_come_is_taken(go, picture):
    page, held = go().page, []
    page.route("**/collect.js*", lambda route: held.append(route))
    page.evaluate("() => { setTimeout(() => location.reload()); }")
    while not held:
        page.wait_for_timeout(50)
    file = {"name": "early.jpg", "mimeType": "image/jpeg", "buffer": picture}
    page.set_input_files("#pick", file)
    assert page.locator("#version").text_content() == ""
    held[0].continue_()
    expect(page.locator(".card-name")).to_have_text(["early.jpg"])
