"""Of a real stereo pair the right view is known: the warped left one comes near it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from worker.outputs.encoding.warp import warp


def known(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `disparity`; what is unknown is as far as the farther neighbor in its row."""
    index = np.arange(disparity.shape[1])
    there = np.isfinite(disparity)
    left = np.maximum.accumulate(np.where(there, index, 0), axis=1)
    right = np.minimum.accumulate(np.where(there, index, index[-1])[:, ::-1], axis=1)[:, ::-1]
    sides = [np.take_along_axis(disparity, side, axis=1) for side in (left, right)]
    return np.nan_to_num(np.fmin(*(np.where(np.isfinite(s), s, np.nan) for s in sides)))


def test_the_right_eye_sees_what_its_camera_saw() -> None:
    # Given both photographs of a motorcycle, and how far each pixel is moved between them
    data = pytest.importorskip("skimage.data")
    left, right, measured = data.stereo_motorcycle()
    disparity = known(np.asarray(measured, np.float32))
    most = float(disparity.max())
    # When the left one is warped, and, to compare, read from where its depth points
    warped = warp(left, disparity / np.float32(most), -most, still=0)
    y, x = np.mgrid[0 : left.shape[0], 0 : left.shape[1]].astype(np.float32)
    stretched = cv2.remap(left, x + disparity, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # Then it is the right one but for noise, nearly everywhere
    seen = np.s_[:, : -int(most)]
    wrong = [
        (abs(view[seen].astype(int) - right[seen]).max(axis=2) > 40).mean()
        for view in (warped, stretched, left)
    ]
    assert wrong[0] < 0.08
    assert wrong[0] < 0.5 * wrong[1] < 0.5 * wrong[2]
