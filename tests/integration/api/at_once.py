"""A worker's side of depth at once, for tests of the API: real threads over a stub computer."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

from contract.jobs import DepthInfo, ModelInfo
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import Lane
from storage.fleet.workers import WorkerInfo, WorkerRegistry
from worker.compute.computer import Computed
from worker.immediate.answer import Answerer
from worker.immediate.slots import Slots
from worker.outputs.render import RenderedFile

MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="e", precision="fp32", net_size=(192, 256)
)


class StubComputer:
    """Gives back a file of its output's type, or raises what it is told to."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, object]] = []
        self.raising: Exception | None = None
        self.data = b"depth" * 100

    def compute(self, data, options, clock, deadline_at):
        self.seen.append((data, options))
        if self.raising is not None:
            raise self.raising
        clock.add("infer", 12.34)
        clock.batched(3)
        output = options.asked()[0]
        kind = output.file_type(options)
        prepared = SimpleNamespace(downsampled_to=(40, 30), damage=("truncated",))
        data = b"{}" if kind.media_type == "application/json" else self.data
        file = RenderedFile(output.name, kind.extension, kind.media_type, 64, 48, data)
        return Computed(prepared, MODEL, DepthInfo(min=-1.5, max=20.25), [file])


def slots_over(exchange, computer, end_process=None) -> Slots:
    """Return two threads over `computer` that look for asks often."""
    answerer = Answerer(computer, 10_000, end_process)
    return Slots(exchange, answerer, nullcontext, [DEFAULT_MODEL], 2, take_s=0.05)


def announce(workers: WorkerRegistry, *, immediate: bool = True) -> None:
    """Announce a worker of 10 images per second that takes asks, or one of a version before."""
    workers.announce(
        WorkerInfo(
            name="w",
            lane=Lane.INTERACTIVE,
            pid=1,
            host="h",
            started_at=0,
            ready=True,
            model=DEFAULT_MODEL,
            images_per_s=10.0,
            immediate=immediate,
        ),
        ttl_s=300,
    )
