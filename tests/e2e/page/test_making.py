"""Making things of one picture: every output of the service, from its own declarations."""

from __future__ import annotations

import io
import re
import zipfile

from PIL import Image
from playwright.sync_api import Page, Response, expect

from contract.outputs.registry import OUTPUTS
from tests.e2e.page.steps import add, downloaded, look_closer, tap
from tests.waits import wait_until


def choose(page: Page, output: str) -> None:
    page.locator(f".menu-head[aria-controls=make-{output}]").click()


def posted(answer: Response) -> bool:
    return answer.request.method == "POST"


def test_the_menu_holds_every_output_with_its_line(shown):
    page = shown.page
    page.locator("#language").select_option("zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    look_closer(page)
    page.get_by_role("tab", name="生成").click()
    heads = page.locator(".menu-head")
    expect(heads).to_have_count(len(OUTPUTS))
    said = "\n".join(heads.all_inner_texts())
    assert "重新对焦" in heads.first.inner_text(), "what needs no other program comes first"
    groups = page.locator(".menus h3").all_inner_texts()
    assert groups == ["直接查看、收听和分享", "供其他软件使用的文件"]
    assert [output.line["zh"] for output in OUTPUTS.values() if output.line["zh"] not in said] == []
    page.keyboard.press("Escape")
    page.locator("#language").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_what_an_output_will_take_is_said_before_it_is_asked_for(go, coffee, tmp_path):
    large = tmp_path / "large.jpg"
    with Image.open(coffee) as picture:
        picture.resize((3000, 2000)).save(large)
    page = go().page
    add(page, large)
    page.evaluate("fetch('v1/outputs').then((it) => it.json()).then((it) => { window.told = it; })")
    page.wait_for_function("() => window.told")
    declared = {output["name"]: output["cost"] for output in page.evaluate("told.outputs")}
    assert declared["refocus"] == {"ms": 0, "ms_per_megapixel": 450}
    look_closer(page)
    page.get_by_role("tab", name="Make").click()
    about = page.locator(".menu-head[aria-controls=make-refocus] .menu-about")
    expect(about).to_have_text(re.compile(r"^about \d+ s$"))
    seconds = int(re.sub(r"\D", "", about.inner_text()))
    assert 3 <= seconds <= 10, "six megapixels of 450 ms, and what this machine takes to read it"
    expect(page.locator(".menu-head[aria-controls=make-gray] .menu-about")).to_be_visible()


def test_after_a_reload_more_is_made_without_giving_the_photograph_again(shown):
    page = shown.page
    page.reload()
    shown = page.locator(".card[data-state=succeeded] .stage-heat:visible")
    expect(shown).to_have_count(1)
    look_closer(page)
    page.get_by_role("tab", name="Make").click()
    choose(page, "gray")
    page.locator("#make-gray").get_by_role("button", name="Make it").click()
    expect(page.locator(".result-item img")).to_be_visible()
    size = page.locator(".result-item img").evaluate("it => [it.naturalWidth, it.naturalHeight]")
    assert size == [600, 400]


def test_a_photograph_goes_from_the_browser_with_its_card_or_when_all_is_forgotten(go, coffee):
    page = go().page
    kept = "async () => (await (await import('/web/photographs.js')).names()).sort()"
    page.get_by_role("button", name="cat").click()
    add(page, coffee, done=2)
    wait_until(lambda: page.evaluate(kept) == ["cat.jpg", "coffee.png"], "both are kept")
    page.get_by_role("button", name="Remove cat.jpg").click()
    wait_until(lambda: page.evaluate(kept) == ["coffee.png"], "one is gone")
    page.locator("#past summary").click()
    page.get_by_role("button", name="Forget all").click()
    wait_until(lambda: page.evaluate(kept) == [], "none is left")


def test_refocus_follows_the_tapped_point_and_its_slider(shown):
    page = shown.page
    stage = look_closer(page)
    page.get_by_role("tab", name="Make").click()
    choose(page, "refocus")
    with page.expect_response(posted) as job:
        tap(stage, 0.25, 0.5)
    assert re.fullmatch(r"0\.2[45]\d*,0\.[45]\d*", job.value.json()["options"]["focus"])
    expect(page.locator(".result-item img")).to_be_visible()
    with page.expect_response(posted) as job:
        page.get_by_label("Blur (f-number: smaller blurs more)").fill("0")
        page.get_by_label("Blur (f-number: smaller blurs more)").blur()
    assert job.value.json()["options"]["f_number"] == 1
    expect(page.locator(".result-item")).to_have_count(1)


def test_what_was_made_is_read_heard_and_kept_as_a_zip(shown):
    page = shown.page
    look_closer(page)
    page.get_by_role("tab", name="Make").click()
    for output, shown in [("description", "p.said"), ("sonify", "audio"), ("cutout", "img")]:
        choose(page, output)
        page.locator(f"#make-{output}").get_by_role("button", name="Make it").click()
        expect(page.locator(f".result-item {shown}").first).to_be_in_viewport()
    assert page.locator("audio").evaluate("audio => audio.error") is None
    expect(page.get_by_role("button", name="Read aloud")).to_be_visible()
    page.get_by_label("Choose Depth as sound for the ZIP").uncheck()
    name, data = downloaded(page, "Download chosen as ZIP")
    assert name == "coffee.depthq.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as kept:
        assert kept.testzip() is None
        assert sorted(kept.namelist()) == ["coffee.cutout.png", "coffee.description.txt"]
        assert Image.open(io.BytesIO(kept.read("coffee.cutout.png"))).mode == "RGBA"


def test_the_call_that_makes_the_same_is_shown(shown):
    page = shown.page
    look_closer(page)
    page.get_by_role("tab", name="Make").click()
    choose(page, "stereo")
    page.locator("#make-stereo select").first.select_option("cross")
    page.locator("#make-stereo").get_by_role("button", name="Copy as Python").click()
    code = page.locator("#make-stereo .code")
    expect(code).to_contain_text('outputs="stereo", stereo_eyes="cross"')
    page.locator("#make-stereo").get_by_role("button", name="Copy as curl").click()
    expect(code).to_contain_text("-F outputs=stereo -F stereo_eyes=cross")
