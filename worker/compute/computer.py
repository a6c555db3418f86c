"""decode → prepare → infer → render: from an image's bytes to its files. Knows no job, no store."""

from __future__ import annotations

import threading
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from contract.errors import InputError, InternalError
from contract.image_header import read_header
from contract.jobs import DepthInfo, ModelInfo
from contract.options import JobOptions
from contract.outputs.declaration import Need
from worker.attempts.metrics import StageClock
from worker.compute.batcher import Batcher, Inferred
from worker.imaging.decoder import Decoder
from worker.imaging.prepared import Prepared
from worker.machine import cores_given
from worker.outputs.render import RenderedFile, render
from worker.outputs.view import View

LARGE_PX = 4_000_000
INFER_TIMEOUT_S = 100.0  # threads have no time limit of their own; below the visibility timeout
_ANY_FORMAT = ("tiff", "bmp", "gif")  # the decoder says which are accepted


@dataclass(frozen=True)
class Computed:
    """What an image became: its files and what is to be said about them."""

    prepared: Prepared  # without its pixels
    model: ModelInfo
    depth: DepthInfo
    files: list[RenderedFile]


class Computer:
    """One instance, many threads."""

    def __init__(self, decoder: Decoder, batcher: Batcher, model: ModelInfo) -> None:
        self._decoder = decoder
        self._batcher = batcher
        self._model = model
        self._large = threading.BoundedSemaphore(cores_given())

    def compute(
        self,
        data: bytes,
        options: JobOptions,
        clock: StageClock,
        deadline_at: float | None = None,
        shared_range: tuple[float, float] | None = None,
    ) -> Computed:
        """Return the files that `options` ask of the image in `data`; `shared_range`: see View.

        Raises InputError (the image's fault), DecoderCrashed, DeadlineExceeded, InternalError.
        """
        wants = options.needs()
        # pixels are held from here on: as few large pictures at once as are rendered at once
        early = Need.PIXELS in wants and _announced_px(data) > LARGE_PX
        with self._room(early):
            prepared = self._decoder.decode(data, wants)
            clock.add("decode", prepared.decode_ms)
            clock.add("prepare", prepared.prepare_ms)
            inferred = self._infer(prepared, deadline_at)
            clock.add("wait", inferred.wait_ms)
            clock.add("infer", inferred.infer_ms)
            clock.batched(inferred.batch_size)
            view = self._view(prepared, inferred, options, shared_range)
            late = options.size == "original" and prepared.width * prepared.height > LARGE_PX
            with clock.stage("render"), self._room(late and not early):
                rendered = render(view)
        return Computed(replace(prepared, pixels=None), view.model, rendered.depth, rendered.files)

    def _view(
        self,
        prepared: Prepared,
        inferred: Inferred,
        options: JobOptions,
        shared_range: tuple[float, float] | None,
    ) -> View:
        height, width = inferred.depth.shape
        return View(
            depth=inferred.depth,
            options=options,
            width=prepared.width,
            height=prepared.height,
            model=self._model.model_copy(update={"net_size": (height, width)}),
            shared_range=shared_range,
            pixels=prepared.pixels,
            focal_35mm=prepared.focal_35mm,
        )

    def _room(self, large: bool) -> AbstractContextManager[object]:
        """Return what lets only so many large pictures through at once as there are cores.

        More would be no faster and hold 100 MB each. Small ones would wait here rather than be
        gathered into full batches.
        """
        return self._large if large else nullcontext()

    def _infer(self, prepared: Prepared, deadline_at: float | None) -> Inferred:
        future = self._batcher.submit(prepared.tensor, deadline_at)
        try:
            return future.result(timeout=INFER_TIMEOUT_S)
        except FutureTimeout:
            future.cancel()
            raise InternalError(f"no inference within {INFER_TIMEOUT_S:.0f} s") from None


def _announced_px(data: bytes) -> int:
    """Return how many pixels the header announces, 0 if it cannot be read: decoding says why."""
    try:
        header = read_header(data, _ANY_FORMAT)
    except InputError:
        return 0
    return header.width * header.height
