"""The page's live view against the bare engine: `python -m benchmarks.live [--seconds S]`.

Chromium with its fake camera (640x480) opens *Live camera* of a service on this machine; it sends
frames of 320x240. Prints how many answers a second came, how many images a second the engine
computes alone (full batches in a loop), and the ratio, in turns within one run, with the CPU time
of a frame by process. On few cores browser, service and engine share them: that is the point.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks import clocks
from benchmarks.contenders import BareEngine
from benchmarks.stack import Stack

WANTED = 0.70
WARM_MS = 3_000
CAMERA = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_BEGIN = "() => { performance.clearResourceTimings(); window.begun = performance.now(); }"
_COUNT = """() => {
  const took = (performance.now() - window.begun) / 1000;
  const asked = performance.getEntriesByType("resource")
    .filter(({ name }) => name.includes("/v1/depth"));
  return [asked.filter(({ responseStatus }) => responseStatus === 200).length / took, asked.length];
}"""


def main(argv: list[str] | None = None) -> int:
    """Measure and print; the exit code is 1 if the share is below what is wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each look at either")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(argv)
    bare = BareEngine()
    with (
        tempfile.TemporaryDirectory(prefix="depthq-live-") as folder,
        Stack(Path(folder), s3=False) as stack,
        sync_playwright() as playwright,
    ):
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=[*CAMERA])
        page = browser.new_page(permissions=["camera"], locale="en-US")
        rounds = [_round(stack, page, bare, asked.seconds) for _ in range(asked.rounds)]
        browser.close()
    return _report(rounds)


def _round(stack: Stack, page: Page, bare: BareEngine, seconds: float) -> dict[str, Any]:
    """Return the rates of one turn: the engine alone, the live view, the engine alone."""
    before = bare.measure(seconds / 2).images_per_s
    page.goto(f"http://127.0.0.1:{stack.port}/")
    page.evaluate("() => performance.setResourceTimingBufferSize(100000)")
    page.get_by_role("button", name="Live camera").click()
    page.wait_for_timeout(WARM_MS)
    roots = {**stack.pids(), "browser": _browser()}
    used = clocks.cpu_s(roots)
    page.evaluate(_BEGIN)
    page.wait_for_timeout(seconds * 1e3)
    rate, asked = page.evaluate(_COUNT)
    now = clocks.cpu_s(roots)
    told = page.locator(".live-told").inner_text()
    page.keyboard.press("Escape")
    page.goto("about:blank")
    after = bare.measure(seconds / 2).images_per_s
    frames = max(1, asked)
    return {
        "bare": (before + after) / 2,
        "live": rate,
        "told": told,
        "cpu_ms": {name: 1e3 * (now[name] - used.get(name, 0.0)) / frames for name in now},
    }


def _browser() -> int:
    """Return the process on which Chromium hangs: Playwright's driver."""
    ours = clocks.tree(os.getpid())[1:]
    return min(p for p in ours if "playwright/driver" in Path(f"/proc/{p}/cmdline").read_text())


def _report(rounds: list[dict[str, Any]]) -> int:
    for each in rounds:
        cpu = ", ".join(f"{name} {ms:.1f}" for name, ms in each["cpu_ms"].items() if ms >= 0.05)
        print(f"live {each['live']:.1f}/s of bare {each['bare']:.1f}/s; the page: {each['told']!r}")
        print(f"  CPU ms per frame: {cpu}")
    share = statistics.median(each["live"] / each["bare"] for each in rounds)
    live, bare = (statistics.median(each[name] for each in rounds) for name in ("live", "bare"))
    print(f"reached/bare: {share:.2f} ({live:.1f} of {bare:.1f} frames/s; wanted {WANTED:.2f})")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
