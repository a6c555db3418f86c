"""English, by hibari: a small neural voice within its wheel (Apache-2.0), on ONNX Runtime."""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy as np

from contract.errors import NotInstalled
from worker.outputs.encoding.audio import Sound

_WANTS = (
    "no English voice is installed in this worker: install depthq[speech] there (or the package "
    "hibari-tts, 14 MB), or ask for the output description"
)
_turn = threading.Lock()  # one at a time: it is a hundred times as fast as speech


def speak(text: str) -> Sound:
    """Return `text`, spoken. The same text sounds the same every time. Raises NotInstalled."""
    with _turn:
        voice = _voice()
        samples = np.asarray(voice(text, seed=0), np.float32)
    return Sound(samples, int(voice.sample_rate))


@functools.cache
def _voice() -> Any:
    """Return the voice, loaded once; only the one inside the wheel, which needs no network."""
    try:
        from hibari import Hibari  # optional
    except ImportError as exc:
        raise NotInstalled(_WANTS) from exc
    return Hibari(voice="heart", threads=1)
