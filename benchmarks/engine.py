"""Suite `engine`: images per second of every way to run the network, against the machine's roof."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from benchmarks import roofline
from benchmarks.context import Context
from benchmarks.original import original_network, torch_infer
from benchmarks.timing import interleave
from contract.settings import Settings
from worker.advice import advise
from worker.engines.factory import open_engine
from worker.engines.protocol import Depths, Engine, EngineError, Images
from worker.machine import cores_given
from worker.models.midas_small.network import build_network
from worker.weights.resolve import bundled
from worker.weights.tensors import read_tensors

# Multiply-adds count twice; of the network as published (reference/README.md).
GFLOP = {(256, 256): 9.19, (192, 256): 6.89}
MAX_BATCH = 8
Infer = Callable[[Images], Depths]


def run(context: Context) -> dict[str, Any]:
    """Return rates per engine, shape and batch, the roof, and what could not be run and why."""
    torch.set_num_threads(cores_given())
    roofs = roofline.measure(quick=context.quick)
    engines, absent = _engines()
    rows: list[dict[str, Any]] = []
    for shape in ((192, 256),) if context.quick else ((192, 256), (256, 256)):
        for batch in (1, 8) if context.quick else (1, 4, 8):
            context.say(f"engine: {shape[1]}x{shape[0]}, batches of {batch}")
            rows += _rows(engines, shape, batch, context)
    roofs = roofline.best(roofs, roofline.measure(quick=True))  # a peak is a peak whenever it was
    _add_share_of_roof(roofs, rows)
    return {"roof": roofs, "rows": rows, "absent": absent, "threads": cores_given()}


def _engines() -> tuple[dict[tuple[str, str], Infer], dict[str, str]]:
    ways: dict[tuple[str, str], Infer] = {
        ("original (torch eager)", "fp32"): torch_infer(original_network()),
        ("torch channels-last", "fp32"): torch_infer(_ours(), channels_last=True),
    }
    absent: dict[str, str] = {}
    if roofline.native_bf16():
        bf16 = torch_infer(_ours(), channels_last=True, bf16=True)
        ways[("torch channels-last", "bf16")] = bf16
    else:
        absent["torch channels-last bf16"] = "this processor has no bf16 of its own"
    for name in ("onnxruntime", "openvino"):
        for precision in ("fp32", "bf16", "int8"):
            settings = Settings(engine=name, precision=precision, max_batch=MAX_BATCH)
            try:
                engine = open_engine(settings)
                engine.load()
            except EngineError as exc:
                absent[f"{name} {precision}"] = str(exc)
            else:
                ways[(name, precision)] = engine.infer
    served = open_engine(Settings(max_batch=MAX_BATCH), advise(Settings()).streams)
    served.load()
    name = f"openvino, {served.streams} streams (as served)"
    ways[(name, served.describe().precision)] = _side_by_side(served)
    return ways, absent


def _side_by_side(engine: Engine) -> Infer:
    """Return a function that spreads a batch over the engine's streams, as the worker does."""
    pool = ThreadPoolExecutor(engine.streams)

    def infer(batch: Images) -> Depths:
        parts = [part for part in np.array_split(batch, engine.streams) if len(part)]
        return np.concatenate(list(pool.map(engine.infer, parts)))

    return infer


def _ours() -> Any:
    return build_network(read_tensors(bundled().path))


def _rows(
    engines: dict[tuple[str, str], Infer],
    shape: tuple[int, int],
    batch: int,
    context: Context,
) -> list[dict[str, Any]]:
    images = np.random.default_rng(0).standard_normal((batch, 3, *shape)).astype(np.float32)
    calls = {
        f"{name}|{precision}": (lambda infer=infer: infer(images))
        for (name, precision), infer in engines.items()
    }
    rounds, round_s = (2, 0.25) if context.quick else (3, 0.5)
    measured = interleave(calls, rounds=rounds, round_s=round_s)
    original = measured["original (torch eager)|fp32"].per_s
    rows = []
    for key, rates in measured.items():
        name, precision = key.split("|")
        gflops = rates.per_s * batch * GFLOP[shape]
        rows.append(
            {
                "engine": name,
                "precision": precision,
                "height": shape[0],
                "width": shape[1],
                "batch": batch,
                "images_per_s": rates.per_s * batch,
                "lowest": rates.lowest * batch,
                "highest": rates.highest * batch,
                "times_original": rates.per_s / original,
                "gflops": gflops,
            }
        )
    return rows


def _add_share_of_roof(roofs: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    for row in rows:
        roof = roofs.get(row["precision"])
        row["of_roof"] = row["gflops"] / roof["gflops"] if roof else None
