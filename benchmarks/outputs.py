"""Suite `outputs`: what each output costs on one core, and the memory that it takes at its peak.

Each size of each output is rendered in a process of its own, which knows nothing of the others:
`python -m benchmarks.outputs NAME WIDTH HEIGHT` prints what one of them measured. Time is CPU
time: other programs on the machine disturb it less.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import photographs
from benchmarks.context import Context
from contract.errors import DepthqError
from contract.jobs import ModelInfo
from contract.options import JobOptions
from contract.outputs.registry import own_outputs
from tests.quality.scenes import ball_on_a_table
from worker.outputs.render import render
from worker.outputs.view import View

SIZES = {"1 MP": (1152, 864), "12 MP": (4000, 3000), "50 MP": (8160, 6120)}
NET_SIZE = (192, 256)
AT_LEAST_S = 0.3
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_MODEL = ModelInfo(
    name="midas_small", weights_id="w", engine="openvino", precision="fp32", net_size=NET_SIZE
)


def run(context: Context) -> dict[str, Any]:
    """Return CPU ms, peak memory in bytes and the file's bytes by output and size."""
    rows = []
    for output in own_outputs():
        for size in list(SIZES)[: 2 if context.quick else None]:
            context.say(f"outputs: {output.name}, {size}")
            rows.append({"output": output.name, "size": size, **_apart(output.name, size)})
    return {"rows": rows}


def _apart(name: str, size: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.outputs", name, *map(str, SIZES[size])]
    done = subprocess.run(
        command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        return {"failed": said[-1][:200]}
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def measure(name: str, width: int, height: int) -> dict[str, Any]:
    """Return what rendering `name` once takes; CPU time is the least of several, if it is short."""
    cv2.setNumThreads(1)
    make = partial(_rendered, name, _depth())
    make(photographs.picture(0, 160, 120))  # imports, tables and fonts are loaded once
    pixels = _large(width, height)
    _reset_peak()
    before = _status("VmRSS")
    taken: list[float] = []
    while not taken or sum(taken) < AT_LEAST_S:
        began = time.process_time()
        data = make(pixels)
        taken.append(time.process_time() - began)
    peak = max(_status("VmHWM") - before, 0)
    return {"cpu_ms": min(taken) * 1e3, "peak_bytes": peak, "bytes": len(data)}


def _rendered(name: str, depth: Any, pixels: Any) -> bytes:
    height, width = pixels.shape[:2]
    options = JobOptions.model_validate({"outputs": (name,)})
    return render(View(depth, options, width, height, _MODEL, pixels=pixels)).files[0].data


def _large(width: int, height: int) -> Any:
    """Return a picture made of photographs of one megapixel, so that it has a real one's detail."""
    tile = photographs.picture(0, *SIZES["1 MP"])
    across, down = -(-width // tile.shape[1]), -(-height // tile.shape[0])
    return np.ascontiguousarray(np.tile(tile, (down, across, 1))[:height, :width])


def _depth() -> Any:
    """Return the exact depth of a ball on a table at the network's size: there is a subject."""
    inverse = np.asarray(1 / ball_on_a_table().depth, np.float32)
    return cv2.resize(inverse, NET_SIZE[::-1], interpolation=cv2.INTER_AREA)


def _reset_peak() -> None:
    """Let the kernel count the peak from here, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _status(name: str) -> int:
    """Return a size of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(name: str, width: str, height: str) -> int:
    """Print one measurement as JSON; a coded error's name is its result."""
    try:
        print(json.dumps(measure(name, int(width), int(height))))
    except DepthqError as exc:
        print(json.dumps({"refused": exc.code}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
