"""The roof: the GFLOP/s that this machine's cores reach at most, measured by matrix products.

No single library is the fastest on every processor (MKL is slow on AMD), so several are tried and
the best counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import interleave
from worker.engines.openvino_engine import openvino_library
from worker.machine import cores_given

SIDES = (1024, 2048)
Product = Callable[[], Any]


def measure(*, quick: bool) -> dict[str, Any]:
    """Return, per precision, the best GFLOP/s and what every contender reached."""
    import torch  # here: five seconds, which no other part of a measurement needs

    torch.set_num_threads(cores_given())
    rounds, round_s = (2, 0.15) if quick else (5, 0.4)
    roofs: dict[str, Any] = {}
    for precision in ("fp32", "bf16", "int8"):
        reached: dict[str, float] = {}
        for side in SIDES:
            calls = contenders(precision, side)
            for name, rates in interleave(calls, rounds=rounds, round_s=round_s).items():
                # the roof is the best round, not the median: noise only ever takes away
                gflops = rates.highest * 2 * side**3 / 1e9
                reached[name] = max(reached.get(name, 0.0), gflops)
        if reached:
            best = max(reached, key=lambda name: reached[name])
            roofs[precision] = {"gflops": reached[best], "by": best, "reached": reached}
    return roofs


def best(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the higher of two measurements, per precision."""
    return {
        precision: max(first[precision], second[precision], key=lambda roof: roof["gflops"])
        for precision in first
    }


def native_bf16() -> bool:
    """Tell whether the processor computes bf16 itself."""
    return "BF16" in openvino_library().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def contenders(precision: str, side: int) -> dict[str, Product]:
    """Return products of two square matrices of `side` rows, by the name of the library."""
    import torch

    calls: dict[str, Product] = {}
    if precision == "fp32":
        a, b = torch.randn(side, side), torch.randn(side, side)
        calls["torch.mm"] = lambda: torch.mm(a, b)
        x, y = a.numpy(), b.numpy()
        if os.environ.get("OPENBLAS_NUM_THREADS") is None:
            calls["numpy"] = lambda: np.matmul(x, y)
    if precision == "bf16" and native_bf16():  # without, torch takes minutes for one product
        c, d = (torch.randn(side, side).to(torch.bfloat16) for _ in range(2))
        calls["torch.mm"] = lambda: torch.mm(c, d)
    if (product := _openvino_product(precision, side)) is not None:
        calls["openvino MatMul"] = product
    return calls


def _openvino_product(precision: str, side: int) -> Product | None:
    """Return a product by the default engine's own library (oneDNN), or None if it has none."""
    openvino = openvino_library()
    ops = openvino.opset13

    core = openvino.Core()
    if precision == "bf16" and not native_bf16():
        return None
    if precision == "int8":
        return None  # its roof follows when there is an int8 engine to hold against it
    left = ops.parameter([side, side], np.float32)
    right = ops.constant(np.random.default_rng(0).random((side, side), np.float32))
    model = openvino.Model([ops.matmul(left, right, False, False)], [left])
    hint = {"fp32": "f32", "bf16": "bf16"}[precision]
    request = core.compile_model(
        model, "CPU",
        {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": cores_given(),
            "NUM_STREAMS": 1,
        },
    ).create_infer_request()  # fmt: skip
    data = np.random.default_rng(1).random((side, side), np.float32)
    return lambda: request.infer([data], share_inputs=True, share_outputs=True)
