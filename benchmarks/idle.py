"""Suite `idle`: one job on an idle service, from submit to readable result; start and memory."""

from __future__ import annotations

import time
from typing import Any

import httpx2

from benchmarks import clocks, photographs
from benchmarks.contenders import BareEngine
from benchmarks.context import Context
from benchmarks.load import Target, drive
from benchmarks.stack import Stack
from benchmarks.timing import percentile


def run(context: Context) -> dict[str, Any]:
    """Return latencies in ms, the bare engine's, start in s and memory in bytes."""
    images = photographs.files(context.scratch / "images", 8, 640, 480)
    bare = BareEngine(streams=1)  # the fastest for one image
    count = 15 if context.quick else 80
    results: dict[str, Any] = {}
    for name, s3 in (("s3", True), ("files", False)):
        with Stack(context.scratch / name, s3=s3) as stack:
            data = [path.read_bytes() for path in images]
            _latencies(stack, data, 5)
            before = bare.single_ms()
            polled = _latencies(stack, data, count)
            preferred = _latencies(stack, data, count, prefer=True)
            at_once = _at_once(stack, data, count)
            after = bare.single_ms()
            results[name] = {
                "bare_ms": (before + after) / 2,
                "submit_and_poll": _summary(polled),
                "prefer_wait": _summary(preferred),
                "at_once": _summary(at_once),
                "ready_s": stack.ready_s,
            }
            drive(Target(name, stack.port), images, measure_s=3.0, in_flight=24)
            results[name]["memory"] = {
                role: clocks.resident_bytes(pid) for role, pid in stack.pids().items()
            }
            context.say(f"idle, {name}: p50 {results[name]['submit_and_poll']['p50_ms']:.1f} ms")
    return results


def _latencies(stack: Stack, data: list[bytes], count: int, *, prefer: bool = False) -> list[float]:
    """Return ms from the first byte sent until the depth file's bytes are in hand, job by job."""
    taken = []
    base = f"http://127.0.0.1:{stack.port}"
    headers = {"Content-Type": "image/jpeg"} | ({"Prefer": "wait=20"} if prefer else {})
    with httpx2.Client(base_url=base, trust_env=False, timeout=30) as http:
        for number in range(count):
            began = time.perf_counter()
            answer = http.post(
                "/v1/jobs?size=model", content=data[number % len(data)], headers=headers
            )
            document = answer.raise_for_status().json()
            while not document["terminal"]:
                document = http.get(f"{document['links']['self']}?wait=20").json()
            depth = http.get(document["outputs"]["depth"]["url"], follow_redirects=True)
            if len(depth.raise_for_status().content) != document["outputs"]["depth"]["bytes"]:
                raise RuntimeError("the depth file is not what the document says")
            taken.append((time.perf_counter() - began) * 1e3)
            time.sleep(0.02)
    return taken


def _at_once(stack: Stack, data: list[bytes], count: int) -> list[float]:
    """Return ms from the first byte sent until the depth's bytes are in hand, in one request."""
    taken = []
    base, headers = f"http://127.0.0.1:{stack.port}", {"Content-Type": "image/jpeg"}
    with httpx2.Client(base_url=base, trust_env=False, timeout=30) as http:
        for number in range(count):
            began = time.perf_counter()
            body = data[number % len(data)]
            http.post("/v1/depth?size=model", content=body, headers=headers).raise_for_status()
            taken.append((time.perf_counter() - began) * 1e3)
            time.sleep(0.02)
    return taken


def _summary(values: list[float]) -> dict[str, float]:
    return {f"p{percent}_ms": percentile(values, percent) for percent in (50, 95)}
