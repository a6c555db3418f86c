"""The page's modules by node's own test runner, and what the page weighs and may hold."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.unit.web import colormaps
from tests.unit.web.node import HERE, NODE, WEB

FIRST_VIEW_BYTES = 100_000
LINES = 200
# All in one process: `node --test` starts one for each file.
IMPORT = "for (const file of process.argv.slice(1)) await import(file);"


@pytest.mark.skipif(NODE is None, reason="no node")
def test_the_modules_pass_their_own_tests():
    files = sorted(HERE.glob("*.test.mjs"))
    run = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", IMPORT, *files], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout[-3000:]
    passed = re.search(r"^# pass (\d+)$", run.stdout, re.MULTILINE)
    written = sum(len(re.findall(r"^test\(", file.read_text(), re.MULTILINE)) for file in files)
    assert passed is not None
    assert int(passed[1]) == written


def imported(start: str) -> set[str]:
    """Return the module and all that it imports without being asked for later."""
    found, left = set(), {start}
    while left:
        name = left.pop()
        found.add(name)
        here, text = (WEB / name).parent, (WEB / name).read_text()
        for other in re.findall(r'^import [^;"]*"(\.\.?/[^"]+)"', text, re.MULTILINE):
            left |= {str((here / other).resolve().relative_to(WEB.resolve()))} - found
    return found


def test_the_first_view_is_light():
    files = imported("app.js") | {"index.html", "icon.svg", "words/zh.js"}
    files |= set(re.findall(r'href="/web/([^"]+[.]css)"', (WEB / "index.html").read_text()))
    assert not any("vendor" in name for name in files)
    assert sum((WEB / name).stat().st_size for name in files) <= FIRST_VIEW_BYTES


def test_nothing_is_inline():
    for page in WEB.glob("*.html"):
        text = page.read_text()
        assert not re.findall(r"<style|<script(?![^>]* src=)| style=| on\w+=|javascript:", text)
    for script in WEB.rglob("*.js"):
        if script.parent.name != "vendor":
            assert not re.findall(
                r"innerHTML|outerHTML|\beval\(|style\.cssText", script.read_text()
            )


def test_files_are_small():
    long = [p for p in WEB.rglob("*.js") if p.parent.name not in {"vendor", "words"}]
    assert [p.name for p in long if len(p.read_text().splitlines()) > LINES] == []


def test_the_color_scales_are_those_of_the_service():
    assert (WEB / "viewers" / "colormaps.bin").read_bytes() == colormaps.tables()
