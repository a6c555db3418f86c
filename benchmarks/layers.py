"""`python -m benchmarks.layers [--batch N] [--layers]`: where the default engine spends its time.

OpenVINO's own profile of one inference by one thread, grouped by kind of layer, with the arithmetic
that each reaches beside the best that a matrix product reaches on the same core in the same run.
Every layer counts with the least of many runs, so that a busy machine does not blur the picture;
the sum is therefore a little below what a whole inference takes.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.roofline import SIDES, contenders, native_bf16
from contract.models.registry import MODELS
from contract.settings import Settings
from worker.engines.openvino_engine import OpenVinoEngine, choose_precision, openvino_library
from worker.weights.resolve import Artefact, resolve

RUNS = 40
ENOUGH_S = 6.0  # of runs; a large network needs fewer
MADE_OF = {"Convolution": "other convolutions", "Interpolate": "up-sampling", "Reorder": "reorders"}
ORDER = ("3x3", "1x1", "depthwise", "other convolutions", "up-sampling", "reorders", "other")


@dataclass(frozen=True)
class Layer:
    """One executed layer: its kind, the least seconds of its runs, and 10^9 operations of it."""

    name: str
    kind: str
    seconds: float
    gflop: float
    shape: tuple[int, ...]  # of its output
    by: str  # the primitive that computes it


def main(argv: list[str] | None = None) -> None:
    """Measure, then print the table of kinds, and with `--layers` of every layer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__)
    parser.add_argument("--model", choices=list(MODELS), default="midas_small")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--precision", choices=("fp32", "bf16", "auto"), default="auto")
    parser.add_argument("--runs", type=int, default=RUNS, help="the least of so many counts")
    parser.add_argument("--layers", action="store_true", help="print every layer as well")
    asked = parser.parse_args(argv)
    _keep_to_one_core()
    artefact = resolve(Settings(), asked.model)
    shape = (asked.batch, 3, *artefact.spec.warm_up[0])
    precision = choose_precision(asked.precision, native_bf16())
    layers = profile(artefact, shape, precision, asked.runs)
    roof = peak(precision, asked.runs)
    whole = least_cpu_s(artefact, shape, precision, asked.runs)
    if asked.layers:
        sys.stdout.write(table_of_layers(layers, roof))
    sys.stdout.write(table(layers, roof, whole, asked.batch))


def _keep_to_one_core() -> None:
    """Begin anew on one core: libraries count the cores when they are imported."""
    cores = os.sched_getaffinity(0)
    if len(cores) > 1:
        os.sched_setaffinity(0, {max(cores)})
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.layers", *sys.argv[1:]])


def peak(precision: str, calls: int) -> float:
    """Return the best GFLOP/s of CPU time that any matrix product reaches on this core."""
    best = 0.0
    for side in SIDES:
        for product in contenders(precision, side).values():
            best = max(best, 2e-9 * side**3 / _least(product, calls))
    return best


def least_cpu_s(artefact: Artefact, shape: tuple[int, ...], precision: str, calls: int) -> float:
    """Return the CPU seconds of one inference as the worker runs it, without a profile."""
    engine = OpenVinoEngine(artefact, precision=precision, threads=1, max_batch=shape[0])
    engine.load()
    images = _images(shape)
    return _least(lambda: engine.infer(images), calls)


def profile(artefact: Artefact, shape: tuple[int, ...], precision: str, runs: int) -> list[Layer]:
    """Return the layers that OpenVINO executes for a batch of `shape`, (B, 3, H, W)."""
    core = openvino_library().Core()
    model = core.read_model(str(artefact.path))
    options = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "PERF_COUNT": True,
    }
    compiled = core.compile_model(model, "CPU", options)
    seconds = _least_by_layer(compiled.create_infer_request(), _images(shape), runs)
    # what stands in the graph that runs was made of these, whose sizes are known once it is fixed
    model.reshape(list(shape))
    convolutions = _convolutions(model)
    sizes = {op.get_friendly_name(): tuple(op.output(0).shape) for op in model.get_ordered_ops()
             if op.get_output_size() and op.output(0).partial_shape.is_static}  # fmt: skip
    layers = []
    for op in compiled.get_runtime_model().get_ordered_ops():
        name = op.get_friendly_name()
        if name in seconds:
            made_of = str(op.get_rt_info()["originalLayersNames"].astype(str)).split(",")
            by = str(op.get_rt_info()["primitiveType"].astype(str))
            kind, gflop = _kind(op, made_of, convolutions)
            size = next((sizes[n] for n in (*made_of, name) if n in sizes), ())
            layers.append(Layer(name, kind, seconds[name], gflop, size, by))
    return layers


def _kind(
    op: Any, made_of: Iterable[str], convolutions: dict[str, tuple[str, float]]
) -> tuple[str, float]:
    layer = str(op.get_rt_info()["layerType"].astype(str))
    if layer == "Convolution":
        return next((convolutions[n] for n in made_of if n in convolutions), (MADE_OF[layer], 0.0))
    return MADE_OF.get(layer, "other"), 0.0


def _convolutions(model: Any) -> dict[str, tuple[str, float]]:
    """Return kind and GFLOP of each convolution of `model` by its name, and by the name of what
    follows it: a batch norm that is fused into a convolution gives it its name.
    """
    found: dict[str, tuple[str, float]] = {}
    for op in model.get_ordered_ops():
        if op.get_type_name() in ("Convolution", "GroupConvolution"):
            found[op.get_friendly_name()] = counted = _counted(op)
            for following in op.output(0).get_target_inputs():
                found.setdefault(following.get_node().get_friendly_name(), counted)
    return found


def _counted(op: Any) -> tuple[str, float]:
    """Return kind and GFLOP of the convolution `op`, whose shapes are fixed."""
    weights = list(op.input(1).get_shape())  # ([groups,] out, in, rows, columns)
    gflop = 2e-9 * float(np.prod(op.output(0).shape)) * float(np.prod(weights[-3:]))
    kind = f"{weights[-2]}x{weights[-1]}"
    if op.get_type_name() == "GroupConvolution" and weights[1:3] == [1, 1]:
        kind = "depthwise"
    return kind if kind in ORDER else MADE_OF["Convolution"], gflop


def _least_by_layer(request: Any, images: np.ndarray, runs: int) -> dict[str, float]:
    least: dict[str, float] = {}
    began = time.perf_counter()
    for run in range(runs):
        request.infer([images], share_inputs=True)
        for info in request.profiling_info:
            if info.status == info.EXECUTED:
                took = info.real_time.total_seconds()
                least[info.node_name] = min(took, least.get(info.node_name, took))
        if run > 2 and time.perf_counter() - began > ENOUGH_S:
            break
    return least


def _images(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _least(call: Callable[[], Any], calls: int) -> float:
    taken = []
    for _ in range(calls):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
        if sum(taken) > ENOUGH_S and len(taken) > 2:
            break
    return min(taken)


def table(layers: list[Layer], roof: float, whole_s: float, batch: int) -> str:
    """Return the Markdown of the kinds. `whole_s`: CPU seconds of an inference, unprofiled."""
    total = sum(layer.seconds for layer in layers)
    lines = [
        "| kind | layers | ms per image | share | GFLOP per image | GFLOP/s | of the peak |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in ORDER:
        those = [layer for layer in layers if layer.kind == kind]
        if those:
            lines.append(_row(kind, those, total, roof, batch))
    lines += [_row("all", layers, total, roof, batch), ""]
    reached = sum(layer.gflop for layer in layers) / whole_s
    lines.append(
        f"An inference takes {1e3 * whole_s / batch:.2f} ms of CPU per image: {reached:.1f} "
        f"GFLOP/s, {reached / roof:.0%} of the best product's {roof:.1f}."
    )
    return "\n".join(lines) + "\n"


def _row(kind: str, layers: list[Layer], total: float, roof: float, batch: int) -> str:
    seconds, gflop = sum(x.seconds for x in layers), sum(x.gflop for x in layers)
    speed = f"{gflop / seconds:.1f} | {gflop / seconds / roof:.0%}" if gflop else "– | –"
    return (
        f"| {kind} | {len(layers)} | {1e3 * seconds / batch:.2f} | {seconds / total:.1%} | "
        f"{gflop / batch:.3f} | {speed} |"
    )


def table_of_layers(layers: list[Layer], roof: float) -> str:
    """Return the Markdown of every layer, the slowest first."""
    lines = [
        "| layer | kind | by | output | ms | GFLOP/s | of the peak |",
        "|---|---|---|---|---|---|---|",
    ]
    for layer in sorted(layers, key=lambda layer: -layer.seconds):
        speed = layer.gflop / layer.seconds if layer.seconds else 0.0
        size = "x".join(map(str, layer.shape))
        lines.append(
            f"| {layer.name} | {layer.kind} | {layer.by} | {size} | {1e3 * layer.seconds:.2f} | "
            f"{speed:.1f} | {speed / roof:.0%} |"
        )
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    main()
