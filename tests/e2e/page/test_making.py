"""Making things of one picture: every output of the service, from its own declarations."""

from __future__ import annotations

import io
import re
import zipfile

from PIL import Image
from playwright.sync_api import Page, Response, expect

from contract.outputs.registry import OUTPUTS
from tests.e2e.page.steps import DONE_MS, add, downloaded, look_closer, tap


def choose(page: Page, output: str) -> None:
    page.locator(f".menu-head[aria-controls=make-{output}]").click()


def posted(answer: Response) -> bool:
    return answer.request.method == "POST"


def test_the_menu_holds_every_output_with_its_line(go, coffee):
    page = go(locale="zh-CN").page
    add(page, coffee)
    look_closer(page)
    page.get_by_role("tab", name="制作").click()
    heads = page.locator(".menu-head")
    expect(heads).to_have_count(len(OUTPUTS))
    said = "\n".join(heads.all_inner_texts())
    assert [output.line["zh"] for output in OUTPUTS.values() if output.line["zh"] not in said] == []


def test_refocus_follows_the_tapped_point_and_its_slider(go, coffee):
    page = go(viewport={"width": 1200, "height": 800}).page
    add(page, coffee)
    stage = look_closer(page)
    page.get_by_role("tab", name="Make").click()
    choose(page, "refocus")
    with page.expect_response(posted) as job:
        tap(stage, 0.25, 0.5)
    assert re.fullmatch(r"0\.2[45]\d*,0\.[45]\d*", job.value.json()["options"]["focus"])
    expect(page.locator(".result-item img")).to_be_visible(timeout=DONE_MS)
    with page.expect_response(posted) as job:
        page.get_by_label("Blur (f-number: smaller blurs more)").fill("0")
        page.get_by_label("Blur (f-number: smaller blurs more)").blur()
    assert job.value.json()["options"]["f_number"] == 1
    expect(page.locator(".result-item")).to_have_count(1)


def test_what_was_made_is_read_heard_and_kept_as_a_zip(go, coffee):
    page = go(viewport={"width": 1200, "height": 800}).page
    add(page, coffee)
    look_closer(page)
    page.get_by_role("tab", name="Make").click()
    for output, shown in [("description", "p.said"), ("sonify", "audio"), ("cutout", "img")]:
        choose(page, output)
        page.locator(f"#make-{output}").get_by_role("button", name="Make it").click()
        expect(page.locator(f".result-item {shown}").first).to_be_attached(timeout=DONE_MS)
    assert page.locator("audio").evaluate("audio => audio.error") is None
    expect(page.get_by_role("button", name="Read aloud")).to_be_visible()
    page.get_by_label("Choose Depth as sound for the ZIP").uncheck()
    name, data = downloaded(page, "Download chosen as ZIP")
    assert name == "coffee.depthq.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as kept:
        assert kept.testzip() is None
        assert sorted(kept.namelist()) == ["coffee.cutout.png", "coffee.description.txt"]
        assert Image.open(io.BytesIO(kept.read("coffee.cutout.png"))).mode == "RGBA"


def test_the_call_that_makes_the_same_is_shown(go, coffee):
    page = go().page
    add(page, coffee)
    look_closer(page)
    page.get_by_role("tab", name="Make").click()
    choose(page, "stereo")
    page.locator("#make-stereo select").first.select_option("cross")
    page.locator("#make-stereo").get_by_role("button", name="Copy as Python").click()
    code = page.locator("#make-stereo .code")
    expect(code).to_contain_text('outputs="stereo", stereo_eyes="cross"')
    page.locator("#make-stereo").get_by_role("button", name="Copy as curl").click()
    expect(code).to_contain_text("-F outputs=stereo -F stereo_eyes=cross")
