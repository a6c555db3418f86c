"""decode → prepare → infer → render: from an image's bytes to its files. Knows no job, no store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError, InternalError
from contract.image_header import read_header
from contract.jobs import DepthInfo, ModelInfo
from contract.models.input_rule import InputRule
from contract.options import JobOptions
from contract.outputs.declaration import Need
from worker.attempts.metrics import StageClock
from worker.compute.batch import Inferred
from worker.compute.held_model import HeldModel
from worker.imaging.decoder import Decoder
from worker.imaging.prepared import Prepared
from worker.machine import cores_given
from worker.outputs.render import RenderedFile, render
from worker.outputs.view import View

LARGE_PX = 4_000_000
_ANY_FORMAT = ("tiff", "bmp", "gif")  # the decoder says which are accepted


@dataclass(frozen=True)
class Computed:
    """The files made from an image, and the facts that results report."""

    prepared: Prepared  # without its pixels
    model: ModelInfo
    depth: DepthInfo
    files: list[RenderedFile]


@dataclass(frozen=True)
class Network:
    """One model, for those who prepare its input themselves.

    `submit` queues a tensor, float32 (3, h, w) of a size by `rule`, see Batcher.submit; its depth
    is there within `timeout_s` unless something is wrong.
    """

    rule: InputRule
    submit: Callable[[NDArray[np.float32]], Future[Inferred]]
    timeout_s: float
    name: str = ""
    weights_id: str = ""


@dataclass(frozen=True)
class Begun:
    """An image that is decoded and waits for the engine."""

    model: HeldModel
    options: JobOptions
    prepared: Prepared
    future: Future[Inferred]


class Computer:
    """One instance, many threads."""

    def __init__(self, decoder: Decoder, models: Mapping[str, HeldModel]) -> None:
        self._decoder = decoder
        self._models = models
        self._large = {name: threading.BoundedSemaphore(cores_given()) for name in models}

    def compute(
        self,
        data: bytes,
        options: JobOptions,
        clock: StageClock,
        deadline_at: float | None = None,
        shared_range: tuple[float, float] | None = None,
    ) -> Computed:
        """Return the files that `options` ask of the image in `data`; `shared_range`: see View.

        Raises InputError (the image's fault), DecoderCrashed, DeadlineExceeded, InternalError. The
        model of `options` must be one that `holds`.
        """
        model = self._models[options.model]
        # pixels are held from here on: as few large pictures at once as are rendered at once
        early = Need.PIXELS in options.needs() and _announced_px(data) > LARGE_PX
        with model.throughput.working(), self._room(model, early):
            begun = self.begin(data, options, clock, deadline_at)
            prepared = begun.prepared
            late = options.size == "original" and prepared.width * prepared.height > LARGE_PX
            return self.end(begun, clock, self._room(model, late and not early), shared_range)

    def begin(
        self, data: bytes, options: JobOptions, clock: StageClock, deadline_at: float | None = None
    ) -> Begun:
        """Decode the image and hand it to the engine, without waiting for it."""
        model = self._models[options.model]
        prepared = self._decoder.decode(data, options.needs(), model.spec.input)
        clock.add("decode", prepared.decode_ms)
        clock.add("prepare", prepared.prepare_ms)
        return Begun(model, options, prepared, model.batcher.submit(prepared.tensor, deadline_at))

    def end(
        self,
        begun: Begun,
        clock: StageClock,
        room: AbstractContextManager[object] | None = None,
        shared_range: tuple[float, float] | None = None,
    ) -> Computed:
        """Wait for the depth of what was begun, and render it; `room` limits large renderings."""
        model, prepared = begun.model, begun.prepared
        inferred = _inferred(begun)
        clock.add("wait", inferred.wait_ms)
        clock.add("infer", inferred.infer_ms)
        clock.batched(inferred.batch_size)
        about = model.about.at(inferred.depth.shape)
        view = _view(prepared, inferred, begun.options, about, shared_range)
        with clock.stage("render"), room or nullcontext():
            rendered = render(view)
        return Computed(replace(prepared, pixels=None), view.model, rendered.depth, rendered.files)

    def working(self, model: str) -> AbstractContextManager[None]:
        """Return a context in which one image of `model` counts as in work; `compute` has it."""
        return self._models[model].throughput.working()

    def await_engine(self, names: Collection[str], timeout_s: float) -> bool:
        """Wait until the engines have begun with all that was handed to them; False: not yet."""
        return all(self._models[name].batcher.wait_until_taken(timeout_s) for name in names)

    def network(self, model: str) -> Network:
        """Return `model`, which must be one that `holds`, without its decoding and rendering."""
        held = self._models[model]
        about = held.about
        return Network(
            held.spec.input,
            held.batcher.submit,
            held.pace.infer_timeout_s,
            about.model,
            about.weights_id,
        )

    def holds(self, model: str) -> bool:
        """Tell whether this process computes by `model`."""
        return model in self._models

    def _room(self, model: HeldModel, large: bool) -> AbstractContextManager[object]:
        """Return a context that admits as many large pictures at once as there are cores.

        More would be no faster and hold 100 MB each. Small pictures are not limited: they would
        wait here instead of in the batcher. Each model has its own limit, so that none waits for a
        slower one.
        """
        return self._large[model.spec.name] if large else nullcontext()


def _inferred(begun: Begun) -> Inferred:
    limit_s = begun.model.pace.infer_timeout_s
    try:
        return begun.future.result(timeout=limit_s)
    except FutureTimeout:
        begun.future.cancel()
        raise InternalError(f"no inference within {limit_s:.0f} s") from None


def _view(
    prepared: Prepared,
    inferred: Inferred,
    options: JobOptions,
    model: ModelInfo,
    shared_range: tuple[float, float] | None,
) -> View:
    return View(
        depth=inferred.depth,
        options=options,
        width=prepared.width,
        height=prepared.height,
        model=model,
        shared_range=shared_range,
        pixels=prepared.pixels,
        focal_35mm=prepared.focal_35mm,
    )


def _announced_px(data: bytes) -> int:
    """Return how many pixels the header announces, 0 if it cannot be read: decoding says why."""
    try:
        header = read_header(data, _ANY_FORMAT)
    except InputError:
        return 0
    return header.width * header.height
