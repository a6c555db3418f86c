"""How much depth flickers: `python -m tests.quality.flicker [DIR]` prints docs/video.md's table.

Flicker is the mean over frames and pixels of M·|d(t+1) − warp(d(t))|, divided by the clip's range
of depth; M = exp(−50·‖ΔI‖²), the squared difference of the colours (0…1) that flow brings together.
Flow and colours are of the frames as they are, at the network's size. `exact`: the ratio that exact
depth would have, which moves where things come nearer. `edges`: boundary F1 against
the true disparity (tests/quality/edges.py), mean over frames. `error`: mean over pixels of the
standard deviation over time of depth − truth, both in units of their clip's range, after one scale
and shift per shot: accuracy over time. DIR gets a strip of each clip.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contract.settings import Settings
from tests.quality.clips import NAMES, Clip, clip, strip
from tests.quality.edges import boundary_f1
from worker.engines.factory import open_engine
from worker.engines.protocol import Engine
from worker.models.prepare import net_size, prepare
from worker.videos.stable.chain import chain
from worker.videos.stable.flow import halved
from worker.videos.stable.steady import Steady, steadied

Floats = NDArray[np.float32]


def depths(engine: Engine, frames: NDArray[np.uint8]) -> Floats:
    """Return what the network sees in each frame, (n, h, w)."""
    size = net_size(*frames.shape[1:3])
    return np.stack([engine.infer(prepare(rgb, *size)[None])[0] for rgb in frames])


def steady(frames: NDArray[np.uint8], raw: Floats) -> tuple[Floats, list[int]]:
    """Return steady depth in one scale per shot, and the frames that begin a shot."""
    small = [halved(rgb) for rgb in frames]
    made = list(steadied(zip(small, raw, strict=True), 0))
    shots: list[list[Steady]] = [[]]
    for frame in made:
        if frame.cut:
            shots.append([])
        shots[-1].append(frame)
    scaled = [
        frame.depth * np.float32(one.scale) + np.float32(one.shift)
        for shot in shots
        for frame, one in zip(shot, chain([frame.step for frame in shot]), strict=True)
    ]
    return np.stack(scaled), [frame.index for frame in made if frame.cut]


def flicker(frames: NDArray[np.uint8], depth: Floats, cuts: Sequence[int] = ()) -> float:
    """Return the measure above; pairs across `cuts` do not count."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    y, x = np.mgrid[: frames.shape[1], : frames.shape[2]].astype(np.float32)
    total, pairs = 0.0, 0
    for t in range(len(frames) - 1):
        if t + 1 in cuts:
            continue
        gray = [cv2.cvtColor(frames[i], cv2.COLOR_RGB2GRAY) for i in (t + 1, t)]
        by = search.calc(*gray, None)
        at = (x + by[..., 0], y + by[..., 1])
        colours = cv2.remap(frames[t].astype(np.float32) / 255, *at, cv2.INTER_LINEAR)
        apart = ((frames[t + 1] / 255 - colours) ** 2).sum(-1)
        change = np.abs(depth[t + 1] - cv2.remap(depth[t], *at, cv2.INTER_LINEAR))
        inside = (at[0] >= 0) & (at[1] >= 0) & (at[0] <= x.max()) & (at[1] <= y.max())
        total += float((np.exp(-50 * apart) * change * inside).mean())
        pairs += 1
    low, high = np.percentile(depth, (1, 99))
    return total / pairs / float(high - low)


def edges(depth: Floats, truth: Floats) -> float:
    """Return the mean boundary F1 of every second frame; NaN if the truth has too few edges."""
    found = [boundary_f1(d, t) for d, t in zip(depth[::2], truth[::2], strict=True)]
    known = [score for score in found if not np.isnan(score)]
    return float(np.mean(known)) if known else float("nan")


def error_over_time(depth: Floats, truth: Floats, cuts: Sequence[int] = ()) -> float:
    """Return how much the error of a pixel wanders, in units of the clip's true range."""
    found = []
    for d, t in zip(np.split(depth, cuts), np.split(truth, cuts), strict=True):
        known = np.isfinite(t)
        slope, shift = np.polyfit(d[known], t[known], 1)
        low, high = np.percentile(t[known], (1, 99))
        apart = np.where(known, (slope * d + shift - t) / (high - low), 0)
        always = known.all(axis=0)
        found.append(apart[:, always].std(axis=0).mean())
    return float(np.mean(found))


def shown(number: float, digits: int = 3) -> str:
    """Return a number; – where the truth has too few edges, or is not known everywhere."""
    return f"{number:.{digits}f}" if np.isfinite(number) else "–"


def row(name: str, made: Clip, raw: Floats, smooth: Floats, found: list[int]) -> str:
    """Return the table's row of a clip."""
    before, after = (flicker(made.frames, d, made.cuts) for d in (raw, smooth))
    known = np.isfinite(made.disparity).all()
    exact = flicker(made.frames, made.disparity, made.cuts) if known else np.nan
    sharp = [edges(d, made.disparity) for d in (raw, smooth)]
    wander = [error_over_time(d, made.disparity, made.cuts) for d in (raw, smooth)]
    return (
        f"| {name} | {100 * before:.2f} % | {100 * after:.2f} % | {after / before:.2f} "
        f"| {shown(exact / before, 2)} "
        f"| {shown(sharp[0])} | {shown(sharp[1] / sharp[0])} | {100 * wander[0]:.1f} % "
        f"| {100 * wander[1]:.1f} % | {found or '–'} |"
    )


def main() -> None:
    """Print the table; draw the strips if a folder is given."""
    engine = open_engine(Settings(), 1)
    engine.load()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    print(
        "| clip | flicker, each frame alone | steady | ratio | exact "
        "| edges alone | steady ÷ alone | error alone | steady | cuts found |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in NAMES:
        made = clip(name)
        raw = depths(engine, made.frames)
        smooth, found = steady(made.frames, raw)
        print(row(name, made, raw, smooth, found), flush=True)
        if folder is not None:
            draw(folder / f"{name}.png", made, raw, smooth)


def draw(path: Path, made: Clip, raw: Floats, smooth: Floats) -> None:
    """Write frames, depth of each frame alone, and steady depth, below each other."""
    rows = [strip(made.frames)]
    for depth in (raw, smooth):
        low, high = np.percentile(depth, (1, 99))
        grey = (255 * ((depth - low) / (high - low)).clip(0, 1)).astype(np.uint8)
        rows.append(strip(np.repeat(grey[..., None], 3, axis=-1)))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(path)


if __name__ == "__main__":
    main()
