"""Suite `datasets`: whole datasets from and to S3, in both layouts, against the bare engine.

From the submission over HTTP to the end of the summary: planning, reading every picture, both
outputs at the network's size, results and index. Whole datasets, since counters move only every two
seconds in between.
"""

from __future__ import annotations

import math
import time
from functools import partial
from typing import Any

from benchmarks import photographs
from benchmarks.compare import compare
from benchmarks.contenders import BareEngine, OnStack
from benchmarks.context import Context
from benchmarks.dataset_load import Datasets
from benchmarks.load import Outcome
from benchmarks.machine import busy_s
from benchmarks.stack import Stack
from contract.names.queues import Lane

PICTURES, FEW = 1_200, 120  # of one dataset; in a quick run
DIFFERENT = 16
LAYOUTS = ("webdataset", "files")
_LOOK_S = 0.1


def run(context: Context) -> dict[str, Any]:
    """Return the rates and the CPU by process for both layouts."""
    images = photographs.files(context.scratch / "images", DIFFERENT, 640, 480)
    data = [path.read_bytes() for path in images]
    pictures = FEW if context.quick else PICTURES
    stack = Stack(context.scratch / "stack", s3=True, lanes=(Lane.BULK,))
    with stack:
        datasets = Datasets(stack, data, pictures)
        makers = {layout: partial(WholeDataset, stack, datasets, layout) for layout in LAYOUTS}
        bare = {"bare": BareEngine, "one": lambda: BareEngine("bare engine, one stream", 1)}
        rounds, seconds = (1, 3.0) if context.quick else (3, 6.0)
        results = compare(bare | makers, rounds=rounds, seconds=seconds, say=context.say)
    return results | {"pictures": pictures}


class WholeDataset(OnStack):
    """One dataset after the other on a stack that several of these share."""

    def __init__(self, stack: Stack, datasets: Datasets, layout: str) -> None:
        self.name = f"dataset, {layout}"
        self.stack, self._datasets, self._layout = stack, datasets, layout

    def measure(self, seconds: float) -> Outcome:  # noqa: ARG002 - it takes what it takes
        """Run one dataset to its end."""
        before, machine, began = self.stack.cpu_s(), busy_s(), time.perf_counter()
        dataset = self._datasets.submit(layout=self._layout)
        while not (document := self._datasets.document(dataset))["terminal"]:
            time.sleep(_LOOK_S)
        took_s, after = time.perf_counter() - began, self.stack.cpu_s()
        count, wanted = document["counts"]["succeeded"], self._datasets.pictures
        if count != wanted:
            raise RuntimeError(f"{count} of {wanted} pictures: {document['counts']}")
        used = {name: spent - before.get(name, 0.0) for name, spent in after.items()}
        used["others"] = max(0.0, busy_s() - machine - sum(used.values()))
        cpu_ms = {name: spent * 1e3 / count for name, spent in used.items()}
        return Outcome(count, count / took_s, *[math.nan] * 4, cpu_ms, {}, {})

    def stop(self) -> None:
        """Let the stack go on, so that it can be stopped."""
        self.stack.resume()
