"""`python -m benchmarks.beside [--slow NAME] [--network FILE]`: a fast model beside a slow one.

One worker process holds `midas_small` and a slow model. What a person waits for one picture by
`midas_small`, over HTTP, is measured in turns without and with a backlog of the slow model's jobs,
which is never empty meanwhile; the ratio of the two p95 is printed. The slow model has weights made
up, since its time does not depend on them; `--network` takes an ONNX file of it made before.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from benchmarks import photographs
from benchmarks.lanes import latencies
from benchmarks.models import child
from benchmarks.stack import Stack
from benchmarks.timing import percentile
from contract.models.registry import MODELS
from runtime.io_threads import keep_few_io_threads
from tests.waits import wait_until

AHEAD = 4  # jobs of the slow model kept waiting or running: more than a worker takes at once
BUDGET = 2.0
PATIENCE_S = 900  # a dead worker is told, not waited for


def main(argv: list[str] | None = None) -> int:
    """Measure once and print the ratio; 1 if it is over the budget."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description=__doc__)
    parser.add_argument("--slow", choices=list(MODELS), default="dpt_large_384")
    parser.add_argument("--network", type=Path, help="its ONNX file (default: made, some minutes)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=30, help="of each kind in each round")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    asked = parser.parse_args(argv)
    keep_few_io_threads()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped
    with tempfile.TemporaryDirectory(prefix="depthq-beside-") as folder:
        network = asked.network or _made(asked.slow, Path(folder))
        measured = measure(Path(folder), asked.slow, network, asked.rounds, asked.pictures)
    print(json.dumps(measured) if asked.json else _said(asked.slow, measured))
    return 0 if measured["ratio_p95"] <= BUDGET else 1


def measure(folder: Path, slow: str, network: Path, rounds: int, pictures: int) -> dict[str, Any]:
    """Return p50 and p95 in ms, without and with the backlog of `slow`, and their ratios."""
    data = [p.read_bytes() for p in photographs.files(folder / "images", 8, 640, 480)]
    alone, beside = list[float](), list[float]()
    with Stack(
        folder / "stack",
        s3=False,
        models=f"midas_small,{slow}",
        weights=f"{slow}={network}",
        patience_s=PATIENCE_S,
    ) as stack:
        latencies(stack, data, 5)
        backlog = Backlog(stack.port, slow, data[0])
        for _ in range(rounds):
            alone += latencies(stack, data, pictures)
            with backlog:
                beside += latencies(stack, data, pictures, meanwhile=backlog.fill)
    return {
        "alone": _summary(alone),
        "beside": _summary(beside),
        "ratio_p50": percentile(beside, 50) / percentile(alone, 50),
        "ratio_p95": percentile(beside, 95) / percentile(alone, 95),
        "pictures": len(beside),
        "slow_jobs_ended": backlog.ended,
    }


class Backlog:
    """A context in which AHEAD jobs of a model wait or run; `fill()` replaces those that ended."""

    def __init__(self, port: int, model: str, picture: bytes) -> None:
        self._http = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}/v1", trust_env=False, timeout=60
        )
        self._model = model
        self._picture = picture
        self._jobs: list[str] = []
        self.ended = 0

    def __enter__(self) -> Backlog:
        self.fill()
        self._wait_until(
            lambda: any(self._state(job) == "running" for job in self._jobs), "one is computed"
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Take back what waits, and wait for what runs."""
        for job in self._jobs:
            if self._state(job) == "queued":
                self._http.delete(f"/jobs/{job}")
        self._wait_until(lambda: not self._left(), "what was begun has ended")

    def _wait_until(self, reached: Callable[[], bool], what: str) -> None:
        wait_until(reached, f"{what}, by {self._model}", PATIENCE_S)

    def _left(self) -> list[str]:
        self._drop_ended()
        return self._jobs

    def fill(self) -> None:
        """Submit as many jobs as have ended since."""
        self._drop_ended()
        while len(self._jobs) < AHEAD:
            answer = self._http.post(
                f"/jobs?size=model&model={self._model}",
                content=self._picture,
                headers={"Content-Type": "image/jpeg"},
            )
            self._jobs.append(answer.raise_for_status().json()["id"])

    def _drop_ended(self) -> None:
        states = {job: self._state(job) for job in self._jobs}
        if failed := [job for job, state in states.items() if state == "failed"]:
            raise RuntimeError(f"a job of {self._model} failed: {failed}")
        self.ended += sum(state == "succeeded" for state in states.values())
        self._jobs = [job for job, state in states.items() if state in ("queued", "running")]

    def _state(self, job: str) -> str:
        answer = self._http.get(f"/jobs/{job}")
        return "gone" if answer.status_code in (404, 410) else str(answer.json()["state"])


def _made(model: str, folder: Path) -> Path:
    network = folder / f"{model}.onnx"
    child("--convert", model, str(network))
    return network


def _summary(values: list[float]) -> dict[str, float]:
    return {f"p{percent}_ms": percentile(values, percent) for percent in (50, 95)}


def _said(slow: str, measured: dict[str, Any]) -> str:
    alone, beside = measured["alone"], measured["beside"]
    return (
        f"midas_small, {measured['pictures']} pictures each way, {measured['slow_jobs_ended']} of "
        f"{slow} meanwhile\n"
        f"alone:  p50 {alone['p50_ms']:.0f} ms, p95 {alone['p95_ms']:.0f} ms\n"
        f"beside: p50 {beside['p50_ms']:.0f} ms, p95 {beside['p95_ms']:.0f} ms\n"
        f"ratio:  p50 {measured['ratio_p50']:.2f}, p95 {measured['ratio_p95']:.2f} "
        f"(budget {BUDGET:.0f})"
    )


if __name__ == "__main__":
    raise SystemExit(main())
