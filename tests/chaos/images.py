"""The images of a chaos run and what each must become, computed beforehand without the service."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from contract.options import JobOptions
from contract.settings import Settings
from tests.chaos import poison
from tests.held import held
from tests.photographs import crops
from worker.attempts.metrics import StageClock
from worker.compute.batcher import Batcher
from worker.compute.computer import Computer
from worker.engines.simulated import SimulatedEngine
from worker.imaging.decoder import Decoder

COUNT = 8
OPTIONS = {"size": "model"}
POISON = {
    "segfault": poison.KILL_CHILD,
    "hang": poison.HANG_CHILD,
    "kill-worker": poison.KILL_WORKER,
}


@dataclass(frozen=True)
class Image:
    """The bytes to submit and the SHA-256 of each file that must come of them; none if poison."""

    name: str
    data: bytes
    files: dict[str, str]


def known_images() -> dict[str, Image]:
    """Return images by name, with their known good results."""
    batcher = Batcher(SimulatedEngine().infer, 1)
    settings = Settings()
    decoder = Decoder(
        processes=1,
        memory_bytes=settings.decode_memory_bytes,
        timeout_s=60,
        max_pixels=settings.max_pixels,
        max_side_px=settings.max_side_px,
    )
    decoder.start()
    batcher.start()
    try:
        computer = Computer(decoder, held(batcher, about=SimulatedEngine().describe()))
        good = [_image(f"crop-{n}", data, computer) for n, data in enumerate(crops(COUNT, seed=5))]
    finally:
        batcher.stop()
        decoder.stop()
    bad = [Image(name, good[0].data + ending, {}) for name, ending in POISON.items()]
    return {image.name: image for image in good + bad}


def _image(name: str, data: bytes, computer: Computer) -> Image:
    computed = computer.compute(data, JobOptions(**OPTIONS), StageClock())
    files = {
        f"{file.output}.{file.extension}": hashlib.sha256(file.data).hexdigest()
        for file in computed.files
    }
    return Image(name, data, files)
