"""Depth does not jump from frame to frame, whoever computed which part."""

from __future__ import annotations

import numpy as np
import pytest

from tests.films import drifting
from worker.videos.stable.chain import chain
from worker.videos.stable.cuts import is_cut
from worker.videos.stable.fit import SAME, Fit, fit
from worker.videos.stable.flow import flow, look, warp
from worker.videos.stable.steady import AHEAD, BEFORE, Steady, steadied

SCENE = drifting(30, 128, 96)


def noisy(frames: list[np.ndarray], seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Depth as bright as the picture, with noise and a scale that jumps."""
    rng = np.random.default_rng(seed)
    made = []
    for rgb in frames:
        depth = rgb.mean(2) / 25 + rng.normal(0, 0.2, rgb.shape[:2])
        made.append((rgb, (depth * rng.uniform(0.9, 1.1) + 2).astype(np.float32)))
    return made


def test_flow_finds_where_a_pixel_was() -> None:
    here, there = look(SCENE[10]), look(SCENE[9])
    found = flow(here, there)
    assert np.median(found[20:-20, 20:-20], axis=(0, 1)) == pytest.approx([2, 0], abs=0.1)
    back = warp(SCENE[9].astype(np.float32), found)
    assert np.abs(back - SCENE[10])[10:-10, 10:-10].mean() < 6


def test_a_fit_sees_through_outliers_and_does_not_shrink() -> None:
    rng = np.random.default_rng(1)
    depth = rng.uniform(0, 10, (90, 120)).astype(np.float32)
    other = 1.25 * depth - 3
    noise = rng.normal(0, 0.5, (2, 90, 120)).astype(np.float32)
    other[:20] = 100
    scale, shift = fit(depth + noise[0] / 1.25, other + noise[1], np.ones(depth.shape, bool))
    assert scale == pytest.approx(1.25, abs=0.03)
    assert shift == pytest.approx(-3, abs=0.2)
    assert fit(depth, other, np.zeros(depth.shape, bool)) == SAME


def test_a_chain_takes_out_jumps_and_never_drifts_away() -> None:
    jumps = np.random.default_rng(2).uniform(0.8, 1.25, 400)
    steps = [SAME, *(Fit(a / b, 0.0) for a, b in zip(jumps[1:], jumps[:-1], strict=True))]
    scaled = np.array([one.scale for one in chain(steps)]) / jumps
    rough = np.abs(np.diff(np.log(1 / jumps)))
    assert np.abs(np.diff(np.log(scaled))).mean() < rough.mean() / 2
    assert 0.7 < scaled.min() < scaled.max() < 1.4
    biased = [Fit(1.01, 0.0)] * 5_000
    assert max(one.scale for one in chain(biased)) < 1.1


def test_a_cut_is_sudden_and_fast_motion_is_none() -> None:
    assert is_cut({4: 0.9, 5: 0.1, 6: 0.9}, 5)
    assert not is_cut({4: 0.3, 5: 0.2, 6: 0.25}, 5)
    assert not is_cut({4: 0.9, 5: 0.6, 6: 0.9}, 5)


def test_noise_and_jumps_of_scale_shrink_to_a_third() -> None:
    still = [SCENE[0]] * 14
    frames = noisy(still)
    made = list(steadied(frames, 0))
    scales = chain([frame.step for frame in made])
    smooth = np.stack([f.depth * s.scale + s.shift for f, s in zip(made, scales, strict=True)])
    rough = np.stack([depth for _, depth in frames])
    assert [frame.index for frame in made] == list(range(14))
    before, after = (np.abs(np.diff(d, axis=0)).mean() for d in (rough, smooth))
    assert after < before / 3


def test_nothing_is_blended_across_a_cut() -> None:
    other = [np.ascontiguousarray(255 - frame[::-1, ::-1]) for frame in SCENE[15:22]]
    frames = noisy([*SCENE[:7], *other])
    made = list(steadied(frames, 0))
    assert [frame.index for frame in made if frame.cut] == [7]
    assert made[7].step == SAME
    alone = list(steadied(frames[7:], 0))
    for whole, part in zip(made[7:], alone, strict=True):
        assert np.array_equal(whole.depth, part.depth)


@pytest.mark.parametrize("start", [BEFORE, 9, 17])
def test_a_part_of_a_clip_gives_the_same_numbers(start: int) -> None:
    frames = noisy(SCENE)
    whole = list(steadied(frames, 0))
    part = list(steadied(frames[start - BEFORE :], start - BEFORE))[BEFORE:]
    assert [same(a, b) for a, b in zip(whole[start:], part, strict=True)] == [True] * len(part)
    head = list(steadied(frames[: start + AHEAD], 0))[:start]
    assert [same(a, b) for a, b in zip(whole, head, strict=False)] == [True] * len(head)


def same(a: Steady, b: Steady) -> bool:
    return np.array_equal(a.depth, b.depth) and (a.step, a.alike, a.cut) == (b.step, b.alike, b.cut)


@pytest.mark.parametrize("shape", [(32, 256), (256, 32), (20, 40)])
def test_narrow_pictures_pass(shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    made = list(steadied([(rgb, rgb.mean(2).astype(np.float32))] * 4, 0))
    assert [frame.depth.shape for frame in made] == [shape] * 4
