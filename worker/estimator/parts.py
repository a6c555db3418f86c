"""What is open while an estimator is in use: engine, batcher, decoding processes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contract.errors import ImageUndecodable
from contract.options import JobOptions
from contract.settings import Settings
from worker.advice import advise
from worker.compute.batcher import Batcher
from worker.compute.pace import pace_of
from worker.engines.factory import build_engine
from worker.estimator.depth import Depth
from worker.estimator.pixels import upright_rgb
from worker.imaging.decoder import open_decoder
from worker.models.prepare import prepare
from worker.outputs.view import View
from worker.weights.resolve import resolve

Picture = str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image.Image


class Parts:
    """What is open while an estimator is in use; of one process."""

    def __init__(self, settings: Settings) -> None:
        artefact = resolve(settings, settings.models[0])
        self._rule = artefact.spec.input
        advice = advise(settings)
        pace = pace_of(
            artefact.spec, settings, threads=advice.threads, streams=advice.streams, alone=True
        )
        engine = build_engine(settings, artefact, streams=pace.streams, max_batch=pace.max_batch)
        engine.load()
        self._info = engine.describe()
        self._batcher = Batcher(
            engine.infer,
            engine.max_batch,
            max_latency_s=settings.max_batch_latency_ms / 1e3,
            streams=engine.streams,
        )
        self._batcher.start()
        self._decoder = open_decoder(settings)  # its processes start when they are needed

    def estimate(self, picture: Picture) -> Depth:
        """Return the depth of one picture; called by many threads."""
        tensor, width, height = self._prepared(picture)
        depth = self._batcher.submit(tensor).result().depth
        model = self._info.at(depth.shape)
        return Depth(View(depth, JobOptions(model=model.name), width, height, model))

    def _prepared(self, picture: Picture) -> tuple[NDArray[np.float32], int, int]:
        if isinstance(picture, np.ndarray | Image.Image):
            rgb = upright_rgb(picture)
            height, width = rgb.shape[:2]
            net_size = self._rule.net_size(height, width)
            return prepare(rgb, *net_size, self._rule), width, height
        prepared = self._decoder.decode(_bytes_of(picture), rule=self._rule)
        return prepared.tensor, prepared.width, prepared.height

    def close(self) -> None:
        """End threads and processes."""
        self._batcher.stop()
        self._decoder.stop()


def _bytes_of(picture: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(picture, str | os.PathLike):
        return Path(picture).read_bytes()
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    raise ImageUndecodable(f"{type(picture).__name__} is no picture: see DepthEstimator")
