"""Where a shot ends: when nearly nothing of a frame is to be found in the next.

Not colour histograms or mean differences: fast motion changes those as much as a cut does, and flow
follows motion. It is computed anyway.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST_ALIKE = 0.35  # share of pixels that flow finds again; 0.8 and more within a shot
SHARPNESS = 0.6  # of the neighbours' share: a cut is sudden, a whirl of the camera is not
REACH = 1  # pairs to each side that count


def is_cut(alike: Mapping[int, float], at: int) -> bool:
    """Tell whether a shot begins at frame `at`.

    `alike[t]`: share of frame t found again in frame t - 1; neighbours count if they are there.
    """
    if at not in alike:
        return False
    beside = [alike[t] for t in (at - REACH, at + REACH) if t in alike]
    return alike[at] < MOST_ALIKE and alike[at] < SHARPNESS * max(beside, default=1.0)
