"""Depth edges follow the photograph's, texture stays out, strips leave no seam."""

from __future__ import annotations

import cv2
import numpy as np

from worker.outputs.encoding.guided import Guided, _rows, guided_upsample
from worker.outputs.encoding.upsample import upsample


def test_an_edge_of_depth_becomes_as_sharp_as_the_photographs() -> None:
    # Given a white square before black, and its depth at an eighth of the size, blurred
    rgb = np.zeros((512, 512, 3), np.uint8)
    rgb[128:384, 128:384] = 255
    truth = (rgb[:, :, 0] / 255).astype(np.float32)
    small = cv2.GaussianBlur(cv2.resize(truth, (64, 64), interpolation=cv2.INTER_AREA), (5, 5), 0)
    # When it is brought to full size in both ways
    guided, cubic = guided_upsample(small, rgb), upsample(small, 512, 512)
    # Then most of the step lies at the very pixel where the photograph has it
    row = np.s_[256, 120:137]
    assert np.diff(guided[row]).argmax() == np.diff(truth[row]).argmax()
    assert np.diff(guided[row]).max() > 0.5
    assert np.diff(cubic[row]).max() < 0.06


def test_the_texture_of_a_flat_wall_is_not_copied_into_its_depth() -> None:
    # Given a checkerboard on a wall that recedes evenly from left to right
    y, x = np.mgrid[0:512, 0:512]
    board = (((x // 16 + y // 16) % 2) * 160 + 40).astype(np.uint8)
    wall = np.tile(np.linspace(1, 2, 64, dtype=np.float32), (64, 1))
    # When it is refined
    guided = guided_upsample(wall, np.dstack([board] * 3))
    # Then fields of both colors have the wall's depth, to half a percent of its range
    true = upsample(wall, 512, 512)
    inside = np.s_[64:-64, 64:-64]
    dark, light = board[inside] == 40, board[inside] == 200
    difference = (guided - true)[inside]
    assert abs(difference[dark].mean() - difference[light].mean()) < 0.005
    assert abs(difference).max() < 0.03


def test_flat_depth_stays_exactly_flat() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8)
    assert (guided_upsample(np.full((9, 7), 3.5, np.float32), rgb) == np.float32(3.5)).all()


def test_strips_are_those_of_one_resizing() -> None:
    small = np.random.default_rng(0).random((24, 32)).astype(np.float32)
    whole = cv2.resize(small, (640, 480), interpolation=cv2.INTER_LINEAR)
    wide = cv2.resize(small, (640, 24), interpolation=cv2.INTER_LINEAR)
    strips = np.vstack([_rows(wide, top, min(480, top + 100), 480) for top in range(0, 480, 100)])
    np.testing.assert_allclose(strips, whole, atol=1e-6)


def test_rows_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(2)
    depth, rgb = rng.random((9, 12), np.float32), rng.integers(0, 256, (300, 200, 3), np.uint8)
    guided = Guided(depth, rgb)
    np.testing.assert_array_equal(guided.rows(130, 270), guided_upsample(depth, rgb)[130:270])


def test_the_range_is_kept() -> None:
    rng = np.random.default_rng(1)
    depth = rng.random((24, 32)).astype(np.float32) * 9 + 4
    guided = guided_upsample(depth, rng.integers(0, 256, (480, 640, 3), np.uint8))
    assert depth.min() <= guided.min() + 1e-5
    assert guided.max() <= depth.max() + 1e-5


def test_a_thin_object_keeps_its_depth() -> None:
    # Given a mast of two of the network's pixels, a little brighter than the sky behind it
    rgb = np.full((512, 512, 3), 60, np.uint8)
    rgb[:, 248:264] = 80
    depth = np.zeros((64, 64), np.float32)
    depth[:, 31:33] = 1
    # When it is refined, then three quarters of its nearness are left; one fit leaves 0.59
    guided = guided_upsample(depth, rgb)
    assert guided[256, 250:262].min() > 0.75
    assert guided[256, :240].max() < 0.1
