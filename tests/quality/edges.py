"""How sharp the edges of depth are, `cubic` and `guided`: `python -m tests.quality.edges`.

Prints the table of docs/outputs/refine.md. Depth-boundary F1: depth is scaled and shifted to the
true disparity (least squares). An edge is where it changes, within 5 px, by more than a share of
the true range and more than at the pixels on both sides. Precision is the share of its edges
within 2 px of a true one, recall that of the true edges within 2 px of one of its own; F1 is their
harmonic mean, averaged over shares of 2, 5 and 10 %. All at the picture's full size.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from contract.settings import Settings
from tests.quality.ordinal import ordinal_accuracy
from tests.quality.scenes import SCENES
from worker.engines.factory import open_engine
from worker.models.prepare import net_size, prepare
from worker.outputs.encoding.guided import guided_upsample
from worker.outputs.encoding.upsample import upsample

SHARES = (0.02, 0.05, 0.1)  # of the range of the true disparity
REACH_PX = 2  # to both sides: where a change is measured, and how far off an edge may be
SCALE = 3  # scenes of 768 x 576

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

METHODS: dict[str, Callable[[NDArray[np.float32], NDArray[np.uint8]], NDArray[np.float32]]] = {
    "cubic": lambda depth, rgb: upsample(depth, rgb.shape[1], rgb.shape[0]),
    "guided": guided_upsample,
}


def pictures() -> Iterator[tuple[str, NDArray[np.uint8], Floats]]:
    """Yield name, RGB and true disparity, NaN or infinite where it is not known."""
    left, _, disparity = data.stereo_motorcycle()
    yield "motorcycle", left, disparity
    for name, make in SCENES.items():
        scene = make(SCALE)
        yield name, scene.rgb, 1 / scene.depth


def edges(values: Floats, least: float) -> Mask:
    """Return where `values` change by more than `least` within 5 px, thinned to ridges."""
    change = [_change(values, axis) for axis in (0, 1)]
    steeper = change[1] > change[0]
    return (_ridge(change[0], 0, least) & ~steeper) | (_ridge(change[1], 1, least) & steeper)


def boundary_f1(predicted: Floats, truth: Floats) -> float:
    """Return the F1 of the edges of `predicted`, (H, W), any scale; NaN if there is no true edge.

    Where nothing is predicted at a share, its F1 is 0.
    """
    known = np.isfinite(truth)
    size = 4 * REACH_PX + 1
    sure = cv2.erode(known.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    fit = np.polyfit(predicted[known], truth[known], 1)
    aligned = np.polyval(fit, predicted)
    span = np.ptp(truth[known])
    filled = np.where(known, truth, 0)
    scores = []
    for share in SHARES:
        true = edges(filled, share * span) & sure
        if not true.any():
            return float("nan")
        scores.append(_f1(edges(aligned, share * span) & sure, true))
    return float(np.mean(scores))


def _change(values: Floats, axis: int) -> Floats:
    """Return |v(x + REACH) - v(x - REACH)| along `axis`, 0 at the border."""
    moved = np.moveaxis(np.asarray(values, np.float64), axis, 0)
    change = np.zeros_like(moved)
    change[REACH_PX:-REACH_PX] = abs(moved[2 * REACH_PX :] - moved[: -2 * REACH_PX])
    return np.moveaxis(change, 0, axis)


def _ridge(change: Floats, axis: int, least: float) -> Mask:
    """Return the middles of the plateaus along `axis` where `change` is greatest nearby."""
    reach = 2 * REACH_PX + 1
    shape = (reach, 1) if axis == 0 else (1, reach)
    top = cv2.dilate(change, np.ones(shape, np.uint8))
    return (change >= top) & (change > least)


def _f1(mine: Mask, true: Mask) -> float:
    hits = [_share_near(mine, true), _share_near(true, mine)]
    return 2 * hits[0] * hits[1] / (sum(hits) or 1)


def _cell(score: float) -> str:
    return f"{score:.3f}" if np.isfinite(score) else "none"


def _share_near(some: Mask, others: Mask) -> float:
    if not some.any():
        return 0.0
    size = 2 * REACH_PX + 1
    near = cv2.dilate(others.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    return float(near[some].mean())


def main() -> None:
    """Print one line of the table per picture."""
    engine = open_engine(Settings(precision="fp32", weights="bundled"))
    engine.load()
    names = [f"{what}, {name}" for what in ("edges", "order") for name in METHODS]
    sys.stdout.write(f"| picture | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n")
    for name, rgb, truth in pictures():
        depth = engine.infer(prepare(rgb, *net_size(*rgb.shape[:2]))[None])[0]
        full = [make(depth, rgb) for make in METHODS.values()]
        scores = [score(each, truth) for score in (boundary_f1, ordinal_accuracy) for each in full]
        sys.stdout.write(f"| {name} | {' | '.join(map(_cell, scores))} |\n")


if __name__ == "__main__":
    main()
