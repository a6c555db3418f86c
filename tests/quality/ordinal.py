"""Ordinal accuracy: of two pixels, is the one called nearer the nearer one?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def ordinal_accuracy(
    predicted: NDArray[np.floating], disparity: NDArray[np.floating], pairs: int = 200_000
) -> float:
    """Return the share of random pixel pairs that `predicted` orders as `disparity` does.

    Both (H, W), larger is nearer. Pairs count whose disparities are known (finite) and differ by
    more than 5 % of the disparities' standard deviation.
    """
    known = np.isfinite(disparity)
    guess, truth = predicted[known], disparity[known]
    first, second = np.random.default_rng(0).integers(0, len(truth), (2, pairs))
    difference = truth[first] - truth[second]
    counts = abs(difference) > 0.05 * truth.std()
    agree = np.sign(guess[first] - guess[second]) == np.sign(difference)
    return float(agree[counts].mean())
