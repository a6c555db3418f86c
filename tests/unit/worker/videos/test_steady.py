"""Depth does not jump from frame to frame, whichever worker computed which part."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.films import drifting
from worker.videos.stable.chain import chain
from worker.videos.stable.cuts import is_cut
from worker.videos.stable.fit import SAME, Fit, fit
from worker.videos.stable.flow import flow, link, look, moved
from worker.videos.stable.steady import AHEAD, BEFORE, Steady, steadied

SCENE = drifting(30, 128, 96)


def noisy(frames: list[np.ndarray], seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Depth as bright as the picture, twice its size, with smooth noise and a scale that jumps."""
    rng = np.random.default_rng(seed)
    made = []
    for rgb in frames:
        depth = np.kron(rgb.mean(2) / 25, np.ones((2, 2)))
        depth += cv2.GaussianBlur(rng.normal(0, 3.5, depth.shape), (0, 0), 5)  # deviates by 0.2
        made.append((rgb, (depth * rng.uniform(0.9, 1.1) + 2).astype(np.float32)))
    return made


def test_flow_finds_where_a_pixel_was() -> None:
    here, there = look(SCENE[10]), look(SCENE[9])
    found = flow(here, there)
    assert np.median(found[20:-20, 20:-20], axis=(0, 1)) == pytest.approx([2, 0], abs=0.1)
    back = moved(SCENE[9].astype(np.float32), link(here, there, found).along)
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


def test_a_chain_keeps_what_comes_nearer_steadily() -> None:
    nearer = [SAME, *[Fit(0.97, 0.01)] * 30]
    for count in (1, 2, 3, 31):
        made = chain(nearer[:count])
        assert [one.scale for one in made] == pytest.approx([1.0] * count, abs=1e-6)
    assert [one.shift for one in chain([SAME, *[Fit(1.0, 0.5)] * 9])] == pytest.approx(
        [0.0] * 10, abs=1e-6
    )


def test_a_chain_takes_out_a_jump_at_the_end_of_a_shot() -> None:
    made = chain([SAME, *[Fit(1.0, 0.0)] * 20, Fit(0.8, 0.0)])
    last, before = made[-1].scale, made[-2].scale
    assert last / before == pytest.approx(0.8, abs=0.12)
    assert made[10].scale == pytest.approx(1.0, abs=0.03)


def test_edges_stay_as_sharp_as_the_network_saw_them_where_flow_is_wrong() -> None:
    """A step in depth moves under a picture that shows nothing of it: all colours agree."""
    rgb = np.full((48, 64, 3), 120, np.uint8)
    frames = []
    for t in range(9):
        depth = np.ones((96, 128), np.float32)
        depth[:, 50 + 2 * t :] = 1.1
        depth[:4] = 3.0
        frames.append((rgb, depth))
    middle = list(steadied(frames, 0))[4].depth
    steps = np.diff(middle[40:60], axis=1).mean(axis=0)
    assert np.argmax(steps) == 57
    assert steps[57] > 0.07


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


@pytest.fixture(scope="module")
def clip() -> tuple[list[tuple[np.ndarray, np.ndarray]], list[Steady]]:
    """A clip's frames, and what becomes of it as a whole."""
    frames = noisy(SCENE)
    return frames, list(steadied(frames, 0))


@pytest.mark.parametrize("start", [BEFORE, 9, 17])
def test_a_part_of_a_clip_gives_the_same_numbers(
    clip: tuple[list[tuple[np.ndarray, np.ndarray]], list[Steady]], start: int
) -> None:
    frames, whole = clip
    part = list(steadied(frames[start - BEFORE :], start - BEFORE))[BEFORE:]
    assert [same(a, b) for a, b in zip(whole[start:], part, strict=True)] == [True] * len(part)
    head = list(steadied(frames[: start + AHEAD], 0))[:start]
    assert [same(a, b) for a, b in zip(whole, head, strict=False)] == [True] * len(head)


def same(a: Steady, b: Steady) -> bool:
    return np.array_equal(a.depth, b.depth) and (a.step, a.alike, a.cut) == (b.step, b.alike, b.cut)


@pytest.mark.parametrize("shape", [(32, 256), (256, 32), (20, 40)])
def test_narrow_pictures_pass(shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    depth = np.kron(rgb.mean(2), np.ones((2, 2))).astype(np.float32)
    made = list(steadied([(rgb, depth)] * 4, 0))
    assert [frame.depth.shape for frame in made] == [depth.shape] * 4
