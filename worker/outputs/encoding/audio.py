"""Sound → WAV or Ogg/Opus."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.errors import NotInstalled
from worker.shortage import as_outage

Samples = NDArray[np.float32]

RATE = 24_000  # Hz, of all sound made here: Opus knows it
_PEAK = 0.89  # -1 dB: what decoders overshoot does not clip
_OPUS_WANTS = "Ogg/Opus needs the package soundfile: install depthq[speech], or ask for wav"


@dataclass(frozen=True)
class Sound:
    """Samples, float32 (n,) or (n, 2) for left and right, -1…1, and how many a second."""

    samples: Samples
    rate: int = RATE

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


def levelled(sound: Sound) -> Sound:
    """Return `sound` with its loudest sample at -1 dB of full scale; silence stays silent."""
    most = float(abs(sound.samples).max(initial=0))
    return Sound(sound.samples * np.float32(_PEAK / most), sound.rate) if most > 0 else sound


def resampled(sound: Sound, rate: int = RATE) -> Sound:
    """Return a mono `sound` at another `rate`, by its spectrum: exact, and without echoes of it."""
    if sound.rate == rate:
        return sound
    count = round(len(sound.samples) * rate / sound.rate)
    spectrum = np.fft.rfft(sound.samples)
    made = np.fft.irfft(spectrum[: count // 2 + 1], count) * (count / len(sound.samples))
    return Sound(made.astype(np.float32), rate)


def encode_wav(sound: Sound) -> bytes:
    """Return `sound` as 16-bit WAV."""
    file = io.BytesIO()
    channels = 1 if sound.samples.ndim == 1 else sound.samples.shape[1]
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(sound.rate)
        writer.writeframes((sound.samples.clip(-1, 1) * 32767).round().astype("<i2").tobytes())
    return file.getvalue()


def encode_opus(sound: Sound) -> bytes:
    """Return `sound` as Opus in Ogg. Raises NotInstalled."""
    try:
        import soundfile  # optional
    except (ImportError, OSError) as exc:  # OSError: the package is there, its library is not
        raise as_outage(exc) or NotInstalled(_OPUS_WANTS) from exc
    file = io.BytesIO()
    soundfile.write(file, sound.samples, sound.rate, format="OGG", subtype="OPUS")
    return file.getvalue()


AUDIO_ENCODERS: dict[str, Callable[[Sound], bytes]] = {"wav": encode_wav, "opus": encode_opus}
