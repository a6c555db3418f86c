"""Small videos for tests, made with PyAV's encoders."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from contract.models.midas_small import MODEL
from tests.waits import PATIENT_S
from worker.compute.batch import Inferred
from worker.compute.computer import Network
from worker.videos.decode.ask import DecodeLimits

LIMITS = DecodeLimits(memory_bytes=1 << 30, timeout_s=PATIENT_S, max_pixels=2_000_000)
Frames = Sequence[NDArray[np.uint8]]
RATE = 48_000


def drifting(count: int, width: int = 96, height: int = 64, step: int = 2) -> Frames:
    """Return frames of one textured scene that drifts by `step` px a frame to the left."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 255, (height // 8, (width + step * count) // 8 + 1, 3), np.uint8)
    wide = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    return [np.ascontiguousarray(wide[:, t * step : t * step + width]) for t in range(count)]


def film(
    frames: Frames,
    *,
    form: str = "mp4",
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    times: Sequence[int] | None = None,
    base: Fraction = Fraction(1, 25),
    sound_s: float = 0.0,
    rotation: int = 0,
    options: dict[str, str] | None = None,
    form_options: Mapping[str, str] | None = None,
) -> bytes:
    """Return a video of `frames` at `times` (in units of `base`), with a tone of `sound_s`."""
    file = io.BytesIO()
    with av.open(file, "w", format=form, options=dict(form_options or {})) as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = base
        if rotation:
            stream.set_display_rotation(rotation)
        voice = out.add_stream("aac", rate=RATE, layout="stereo") if sound_s else None
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = (times[index] if times else index), base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if voice is not None:
            _hum(out, voice, sound_s)
    return file.getvalue()


def _hum(out: av.container.OutputContainer, voice: av.AudioStream, seconds: float) -> None:
    tone = 8_000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)
    samples = np.repeat(tone.astype(np.int16), 2).reshape(1, -1)
    for at in range(0, samples.shape[1] // 2, 1_024):
        part = np.ascontiguousarray(samples[:, 2 * at : 2 * at + 2_048])
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        out.mux(voice.encode(frame))
    out.mux(voice.encode(None))


def brightness(tensor: NDArray[np.float32]) -> Future[Inferred]:
    """Stand in for the network: what is bright is near, in a scale that jumps from frame to frame.

    A function of the tensor alone, as a network is.
    """
    gray = tensor.mean(0) + 3
    jump = np.float32(1 + 0.1 * np.sin(1e3 * float(gray[::7, ::5].mean())))
    future: Future[Inferred] = Future()
    future.set_result(Inferred(gray * jump, 0.0, 0.0, 1))
    return future


NETWORK = Network(
    MODEL.input, brightness, timeout_s=PATIENT_S, name="midas_small", weights_id="w-1"
)
