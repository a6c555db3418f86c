"""`python -m benchmarks.models [--quick] [NAME …]`: measures models, writes docs/models.md's table.

Each is measured in a process of its own, with made-up weights: neither time nor memory depends on
them. Times are CPU times of one thread, because wall time means little on a shared machine; n idle
cores take about an n-th of it. Minima of several calls, or of one where a batch takes longer than a
few seconds. `--quick` prints a table of batches of one and leaves results and document as they are.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from contract.models.declaration import ModelSpec
from contract.models.registry import MODELS, own_models

RESULTS = Path(__file__).parent / "results" / "models.json"
DOCUMENT = Path(__file__).parent.parent / "docs" / "models.md"
BEGIN, END = "<!-- measured: python -m benchmarks.models -->", "<!-- end -->"
BATCHES = (1, 8)
ENOUGH_S = 3.0  # of CPU time for one batch size


def main(arguments: list[str]) -> None:
    """Measure the models named (none: all), then write the table of all that were measured."""
    if arguments[:1] == ["--convert"]:
        print(json.dumps(_convert(MODELS[arguments[1]], Path(arguments[2]))))
        return
    if arguments[:1] == ["--measure"]:
        batches = tuple(map(int, arguments[4:]))
        print(json.dumps(_measure(MODELS[arguments[1]], Path(arguments[2]), arguments[3], batches)))
        return
    quick = "--quick" in arguments
    names = [name for name in arguments if name != "--quick"] or [s.name for s in own_models()]
    if quick:
        measured = {name: _model(name, batches=(1,)) for name in names}
        print(table({**measured, "machine": describe()}))
        return
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name in names:
        results[name] = _model(name)
        results["machine"] = describe()
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    write(results)


def _model(name: str, batches: Sequence[int] = BATCHES) -> dict[str, Any]:
    """Return what is measured of the model called `name`; bf16 only where the processor has it."""
    with tempfile.TemporaryDirectory() as folder:
        network = Path(folder) / f"{name}.onnx"
        result = {**child("--convert", name, str(network)), "fp32": None, "bf16": None}
        for precision in ("fp32", "bf16"):
            result[precision] = child(
                "--measure", name, str(network), precision, *map(str, batches)
            )
    return result


def child(*arguments: str) -> Any:
    """Return what this module says with `arguments`, in a process of its own."""
    command = ["nice", sys.executable, "-m", "benchmarks.models", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _convert(spec: ModelSpec, network: Path) -> dict[str, Any]:
    """Write the network with made-up weights; return its operations, parameters and size."""
    from safetensors.numpy import save_file

    from worker.weights.convert import convert

    checkpoint = network.with_suffix(".safetensors")
    save_file(_made_up(spec), checkpoint)
    convert(checkpoint, network, spec, weights_id="made-up")
    checkpoint.unlink()
    return {
        "convert_memory_mb": _memory_mb(),
        "gflop": _gflop(spec),
        "net_size": spec.warm_up[0],
        "parameters": spec.cost.parameters,
        "onnx_bytes": network.stat().st_size,
    }


def _made_up(spec: ModelSpec) -> dict[str, Any]:
    """Return tensors of the published names and shapes, small enough to stay finite."""
    listing = files(f"worker.models.{spec.name}").joinpath(f"{spec.name}.tensors.json")
    rng = np.random.default_rng(0)
    tensors = {}
    for name, shape in json.loads(listing.read_text(encoding="utf-8")).items():
        fan_in = max(1, int(np.prod(shape[1:])))
        tensors[name] = (rng.standard_normal(shape, np.float32) / fan_in**0.5).astype(np.float32)
        if name.endswith("running_var"):
            tensors[name] = np.ones(shape, np.float32)
        if name.endswith("num_batches_tracked"):
            tensors[name] = np.zeros(shape, np.int64)
    return tensors


def _gflop(spec: ModelSpec) -> float:
    """Return 10^9 multiplications and additions for one image of the first warm-up size."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.no_grad():
        _unfilled(spec).eval()(torch.empty(1, 3, *spec.warm_up[0]))
    return float(counter.get_total_flops() / 1e9)


def _unfilled(spec: ModelSpec) -> Any:
    module = import_module(spec.network.partition(":")[0])
    if spec.name == "midas_small":
        plan = module.MIDAS_SMALL
        decoder = (plan.level_channels, plan.decoder_channels, plan.head_channels)
        return module.Network(module.Encoder(plan.encoder), module.Decoder(*decoder))
    return module.Network()


def _measure(
    spec: ModelSpec, network: Path, precision: str, batches: Sequence[int]
) -> dict[str, Any] | None:
    """Return CPU ms per image by batch size and the memory of the process; None: not to be had."""
    from worker.engines.openvino_engine import OpenVinoEngine
    from worker.engines.protocol import EngineError
    from worker.weights.resolve import Artefact

    before = _memory_mb()
    artefact = Artefact(network, "made-up", spec)
    engine = OpenVinoEngine(artefact, precision=precision, threads=1, max_batch=max(batches))
    try:
        engine.load()
    except EngineError:
        return None
    result: dict[str, Any] = {}
    rng = np.random.default_rng(0)
    for batch in batches:
        images = rng.standard_normal((batch, 3, *spec.warm_up[0]), np.float32)
        result[f"cpu_ms_{batch}"] = 1e3 / batch * _least_cpu_s(lambda: engine.infer(images))  # noqa: B023
        result[f"memory_mb_{batch}"] = _memory_mb() - before
    return result


def _least_cpu_s(call: Any) -> float:
    taken: list[float] = []  # the first call prepares kernels: little, where one call is enough
    while not taken or (sum(taken) < ENOUGH_S and len(taken) < 20):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return min(taken)


def _memory_mb() -> float:
    """Return the most memory that this process has held (not `ru_maxrss`: that is inherited)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e3


def write(results: Mapping[str, Any]) -> None:
    """Put the table of `results` into docs/models.md, between its marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{head}{BEGIN}\n{table(results)}{END}{tail}", encoding="utf-8")


def table(results: Mapping[str, Any]) -> str:
    """Return the Markdown of `results`, a row per model."""
    machine = results["machine"]
    lines = [
        f"On {machine['processor']}, OpenVINO {machine['versions']['openvino']}, "
        f"{machine['measured_at']}. {_about_bf16(machine['flags'])}\n",
        "| model | input, px | parameters | GFLOP | CPU ms per image, fp32: batch 1, batch 8 | "
        "the same, bf16 | memory, MB: batch 1, 8 | ONNX file, MB | memory to convert, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(spec.name, results[spec.name]) for spec in own_models() if spec.name in results]
    return "\n".join(lines) + "\n"


def _about_bf16(flags: Sequence[str]) -> str:
    """Return what the column of bf16 means on a processor with `flags`."""
    native = [flag for flag in ("amx_bf16", "avx512_bf16") if flag in flags]
    if native:
        return f"bf16 by {native[0]}."
    return "This processor has neither AVX-512 BF16 nor AMX: bf16 cannot be measured on it."


def _row(name: str, result: Mapping[str, Any]) -> str:
    height, width = result["net_size"]
    fp32 = result["fp32"]
    cells = [
        f"`{name}`",
        f"{height}x{width}",
        f"{result['parameters'] / 1e6:.1f} M",
        f"{result['gflop']:.1f}",
        _times(fp32),
        _times(result["bf16"]),
        _pair(fp32, "memory_mb"),
        f"{result['onnx_bytes'] / 1e6:,.0f}",
        f"{result['convert_memory_mb']:,.0f}" if "convert_memory_mb" in result else "–",
    ]
    return f"| {' | '.join(cells)} |"


def _times(measured: Mapping[str, Any] | None) -> str:
    if measured is None:
        return "not native here"
    return _pair(measured, "cpu_ms")


def _pair(measured: Mapping[str, Any], what: str) -> str:
    numbers = (measured.get(f"{what}_{batch}") for batch in BATCHES)
    return ", ".join("–" if number is None else f"{number:,.0f}" for number in numbers)


if __name__ == "__main__":
    main(sys.argv[1:])
