"""Short clips with exact depth: `python -m tests.quality.clips DIR` draws a strip of each.

Six are rendered, one is a photograph with known disparity, moved over as a camera would. Frames
are (192, 256, 3) uint8 at 25 a second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from tests.quality.scenes import (
    HEIGHT,
    WIDTH,
    Scene,
    View,
    ball_on_a_table,
    corridor,
    posts,
    street,
)

FRAMES, FPS = 24, 25
SENSOR_NOISE = 0.02  # of 0…1: a small sensor indoors
CUT_AT = 12


@dataclass(frozen=True)
class Clip:
    """Frames uint8 (n, h, w, 3), true inverse depth float32 (n, h, w), frames that begin a shot."""

    frames: NDArray[np.uint8]
    disparity: NDArray[np.float32]
    cuts: tuple[int, ...] = ()


def static(t: int) -> Scene:
    """A camera on a tripod; only its sensor's noise changes."""
    return corridor(view=View(grain=SENSOR_NOISE, seed=t))


def pan(t: int) -> Scene:
    """A camera turns 12 degrees to the right."""
    return street(view=View(yaw=np.radians(t / 2 - 6), seed=t, grain=0.012))


def walk(t: int) -> Scene:
    """A camera is carried along the corridor at walking speed."""
    bob = 0.015 * np.sin(2 * np.pi * t / 13)
    return corridor(view=View((0.3 * bob, bob, 0.055 * t), seed=t, grain=0.012))


def moving(t: int) -> Scene:
    """A ball rolls across the table."""
    return ball_on_a_table(view=View(seed=t, grain=0.012), rolled=0.018 * t - 0.25)


def passing(t: int) -> Scene:
    """A camera is carried sideways past thin posts: they move three times as fast as the wall."""
    return posts(view=View((0.03 * t - 0.36, 0, 0), seed=t, grain=0.012))


def cut(t: int) -> Scene:
    """A walk, then another place."""
    return walk(t) if t < CUT_AT else street(view=View((0, 0, 0.1 * t), seed=t, grain=0.012))


SHOTS: dict[str, Callable[[int], Scene]] = {
    "static": static,
    "pan": pan,
    "walk": walk,
    "moving": moving,
    "passing": passing,
    "cut": cut,
}


def clip(name: str) -> Clip:
    """Return the clip `name`: one of SHOTS or `photograph`."""
    if name == "photograph":
        return photograph()
    with ProcessPoolExecutor(2) as pool:
        scenes = list(pool.map(SHOTS[name], range(FRAMES)))
    disparity = np.stack([1 / scene.depth for scene in scenes]).astype(np.float32)
    return Clip(np.stack([s.rgb for s in scenes]), disparity, (CUT_AT,) if name == "cut" else ())


def photograph() -> Clip:
    """Return a slow zoom into a photograph of a motorcycle, with a sensor's noise."""
    left, _, disparity = data.stereo_motorcycle()
    frames, truth = [], []
    for t in range(FRAMES):
        zoom, x, y = 1.25 - 0.006 * t, 90 + 2.2 * t, 40 + 1.2 * t
        matrix = np.float32([[zoom * 1.6, 0, x], [0, zoom * 1.6, y]])
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_AREA
        rgb = cv2.warpAffine(
            cv2.GaussianBlur(left, (0, 0), 0.6), matrix, (WIDTH, HEIGHT), flags=flags
        )
        noise = np.random.default_rng(t).normal(0, 0.012 * 255, rgb.shape)
        frames.append((rgb + noise).clip(0, 255).round().astype(np.uint8))
        nearest = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
        truth.append(cv2.warpAffine(disparity, matrix, (WIDTH, HEIGHT), flags=nearest))
    return Clip(np.stack(frames), np.stack(truth).astype(np.float32))


NAMES = (*SHOTS, "photograph")


def strip(frames: NDArray[np.uint8], shown: int = 6) -> NDArray[np.uint8]:
    """Return `shown` frames of a clip side by side."""
    at = np.linspace(0, len(frames) - 1, shown).round().astype(int)
    return np.concatenate([frames[i] for i in at], axis=1)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        made = clip(name)
        np.savez_compressed(folder / f"{name}.npz", frames=made.frames, disparity=made.disparity)
        Image.fromarray(strip(made.frames)).save(folder / f"{name}.png")
