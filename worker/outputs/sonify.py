"""Depth as sound: a sweep from left to right over three seconds.

Each row of a small grid is a tone, the upper ones higher; where the sweep is, each tone is as loud
as what it stands for is near, and comes from that side. What is farthest is silent.
"""

from __future__ import annotations

import cv2
import numpy as np

from contract.outputs.audio import AudioOptions
from worker.outputs.encoding.audio import AUDIO_ENCODERS, RATE, Samples, Sound, levelled
from worker.outputs.encoding.upsample import Floats
from worker.outputs.view import Rendering, View

SECONDS = 3.0
ROWS, COLUMNS = 32, 64  # tones, and steps of the sweep
LOWEST_HZ, HIGHEST_HZ = 220.0, 3520.0  # four octaves from an A
_FADE = int(0.01 * RATE)  # samples: no click at the ends


def render(view: View) -> Rendering:
    """Return the sweep in the format asked for."""
    low, high = view.net_range
    nearness = (view.depth - np.float32(low)) / np.float32(high - low) if high > low else None
    samples = sweep(np.zeros((1, 1), np.float32) if nearness is None else nearness)
    encode = AUDIO_ENCODERS[view.options.of(AudioOptions).audio_format]
    return Rendering(encode(levelled(Sound(samples))), None)


def sweep(nearness: Floats) -> Samples:
    """Return the stereo sound, (SECONDS * RATE, 2), of `nearness` (h, w), 0…1."""
    grid = cv2.resize(nearness, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).clip(0, 1) ** 2
    count = int(SECONDS * RATE)
    time = np.arange(count, dtype=np.float32)
    across = time / count  # 0 left … 1 right
    centers = (np.arange(COLUMNS) + 0.5) / COLUMNS
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, ROWS)  # else all tones peak at once
    mono = np.zeros(count, np.float32)
    for row, hertz in enumerate(np.geomspace(HIGHEST_HZ, LOWEST_HZ, ROWS)):
        loudness = np.interp(across, centers, grid[row]).astype(np.float32)
        mono += loudness * np.sin(time * np.float32(2 * np.pi * hertz / RATE) + phases[row])
    mono[:_FADE] *= np.linspace(0, 1, _FADE, dtype=np.float32)
    mono[-_FADE:] *= np.linspace(1, 0, _FADE, dtype=np.float32)
    turn = across * np.float32(np.pi / 2)  # equal power: as loud on the way as at the sides
    return np.stack([mono * np.cos(turn), mono * np.sin(turn)], axis=1).astype(np.float32)
