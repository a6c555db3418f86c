"""The decoder that the pipeline uses: untrusted bytes in, the network's input or an error out."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace

import numpy as np

from contract.errors import (
    DecoderCrashed,
    DepthqError,
    ImageCorrupt,
    ImageTooLarge,
    ImageUndecodable,
    UnsupportedMediaType,
)
from contract.models.input_rule import InputRule
from contract.models.midas_small import MODEL
from contract.outputs.declaration import Need
from contract.settings import Settings
from worker.imaging.limits import Limits
from worker.imaging.pool import ChildPool
from worker.imaging.prepared import Prepared
from worker.imaging.process import Child, ChildDied, ChildTimeout
from worker.machine import cores_given

_log = logging.getLogger(__name__)
_INPUT_ERRORS: dict[str, type[DepthqError]] = {
    error.code: error
    for error in (ImageCorrupt, ImageTooLarge, ImageUndecodable, UnsupportedMediaType)
}
_CHILD = (sys.executable, "-s", "-m", "worker.imaging.child")
_RETIRE_AFTER = 2_000  # images; bounds what codecs leak
_MOST_MESSAGE = 300  # characters
_STOP_PATIENCE_S = 2.0
_BYTES_PER_PX = 12  # of a tensor: three colours, float32
_MOST_TRIES = 3  # of one image, when children are killed from outside


class Decoder:
    """Decodes and prepares in `processes` disposable children. Thread-safe."""

    def __init__(
        self,
        *,
        processes: int,
        memory_bytes: int,
        timeout_s: float,
        max_pixels: int,
        max_side_px: int,
        extra_formats: tuple[str, ...] = (),
        retire_after: int = _RETIRE_AFTER,
        command: Sequence[str] = _CHILD,
    ) -> None:
        limits = Limits(memory_bytes, timeout_s, max_pixels, max_side_px, tuple(extra_formats))
        self._timeout_s, self._limits = timeout_s, limits
        arguments, environment = [*command, limits.to_json()], _environment(limits)
        self._pool = ChildPool(lambda: Child(arguments, environment), processes, retire_after)

    def start(self, most: int | None = None) -> None:
        """Start the children, or the first `most`, without waiting for their imports.

        Those that run already stay.
        """
        self._pool.start(most)

    def wait_until_ready(self) -> None:
        """Wait for those that were started. Raises DecoderCrashed if they cannot run at all."""
        self._pool.wait_until_ready()

    def stop(self) -> None:
        """End the children; nothing can be decoded any more."""
        self._pool.stop(_STOP_PATIENCE_S)

    @property
    def pids(self) -> list[int]:
        """The children's process ids."""
        return self._pool.pids

    def decode(
        self, data: bytes, wants: Collection[Need] = (), rule: InputRule = MODEL.input
    ) -> Prepared:
        """Return the image prepared by `rule`; pixels and focal length only if `wants` has them.

        Raises UnsupportedMediaType, ImageCorrupt, ImageTooLarge or ImageUndecodable if the image
        is at fault, DecoderCrashed if it (or something else) killed the child, StorageUnavailable
        while this machine has too little to start one.
        """
        tries_left = _MOST_TRIES
        while True:
            with self._pool.borrow() as child:
                try:
                    return self._ask(child, data, wants, rule)
                except ChildTimeout as exc:
                    raise self._took_too_long() from exc
                except ChildDied as died:
                    tries_left -= 1
                    # No image sends SIGKILL: it came from outside, perhaps before a byte was read.
                    if tries_left == 0 or (died.delivered and died.returncode != -signal.SIGKILL):
                        raise self._verdict(died) from died
                    _log.info("trying another decoding process", extra={"action": "decode"})

    def _ask(self, child: Child, data: bytes, wants: Collection[Need], rule: InputRule) -> Prepared:
        deadline = time.monotonic() + self._timeout_s
        asked = {"wants": sorted(wants), "input": asdict(rule)}
        meta, tensor = child.exchange(asked, data, self._timeout_s, _BYTES_PER_PX * rule.most_px)
        if "error" in meta:
            error = _INPUT_ERRORS.get(str(meta["error"]), DecoderCrashed)
            raise error(_printable(meta.get("message", "")))
        try:
            prepared = Prepared.from_answer(meta, tensor, rule, self._limits)
        except (KeyError, TypeError, ValueError) as exc:
            child.end()  # pixels may follow, which the next image must not get
            raise DecoderCrashed(
                "The decoding process gave an answer that makes no sense."
            ) from exc
        if Need.PIXELS not in wants:
            return prepared
        pixels = np.empty((prepared.height, prepared.width, 3), np.uint8)
        child.read_into(pixels.data.cast("B"), deadline - time.monotonic())
        return replace(prepared, pixels=pixels)

    def _verdict(self, died: ChildDied) -> DepthqError:
        if died.returncode in (-signal.SIGXCPU, -signal.SIGALRM):
            return self._took_too_long()
        _log.warning(
            "decoding process died (%s): %s", died, died.said or "-", extra={"action": "decode"}
        )
        return DecoderCrashed(f"The decoding process died on this image ({died}).")

    def _took_too_long(self) -> ImageUndecodable:
        return ImageUndecodable(f"Decoding the image took longer than {self._timeout_s:g} s.")


def open_decoder(settings: Settings) -> Decoder:
    """Return the decoder that `settings` describe, not yet started."""
    return Decoder(
        processes=settings.decode_processes or cores_given(),
        memory_bytes=settings.decode_memory_bytes,
        timeout_s=settings.decode_timeout_s,
        max_pixels=settings.max_pixels,
        max_side_px=settings.max_side_px,
        extra_formats=settings.extra_formats,
    )


def _printable(said: object) -> str:
    """Return a child's message, which ends in documents and logs: short, without control signs."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(said)[:_MOST_MESSAGE])


def _environment(limits: Limits) -> dict[str, str]:
    """Return all that the child's environment holds: cv2 reads its limits when it is imported."""
    side = str(max(limits.max_pixels, 1))  # one side may hold all pixels; the area is the limit
    return {
        "LANG": "C.UTF-8",
        "OPENCV_IO_MAX_IMAGE_PIXELS": str(limits.max_pixels),
        "OPENCV_IO_MAX_IMAGE_WIDTH": side,
        "OPENCV_IO_MAX_IMAGE_HEIGHT": side,
        "OPENCV_LOG_LEVEL": "ERROR",
        "OPENBLAS_NUM_THREADS": "1",  # its buffers would eat the address space
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
