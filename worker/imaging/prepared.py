"""What a decoding child gives back for a good image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.models.input_rule import InputRule
from worker.confine.confine import MOST_LINE_LENGTH, MOST_LINES
from worker.imaging.damage import DAMAGE, damage
from worker.imaging.exif import LEAST_FOCAL_MM, MOST_FOCAL_MM
from worker.imaging.limits import Limits, fitted


@dataclass(frozen=True)
class Prepared:
    """One image, ready for the network. Sizes are those of the upright image, in px."""

    tensor: NDArray[np.float32]  # (3, net height, net width), normalised, contiguous
    width: int  # after the limit on sides: the size of `original` outputs
    height: int
    downsampled_to: tuple[int, int] | None  # width, height, if the limit changed them
    decode_ms: float
    prepare_ms: float
    warnings: tuple[str, ...]  # lines of the decoder's
    found: tuple[str, ...] = ()  # codes of damage that the file's structure tells
    focal_35mm: float | None = None  # mm, as EXIF tells; only if asked for
    pixels: NDArray[np.uint8] | None = None  # RGB (height, width, 3); only if asked for

    @property
    def damage(self) -> tuple[str, ...]:
        """What the file and the decoder's lines tell of damage, as stable codes."""
        return damage(self.warnings, self.found)

    @classmethod
    def from_answer(
        cls, meta: Mapping[str, Any], tensor: bytearray, rule: InputRule, limits: Limits
    ) -> Prepared:
        """Return what the child said, if it is within all limits.

        A compromised decoder can send anything: sizes that follow from others are computed here,
        not read from it. Raises KeyError, TypeError or ValueError on an invalid answer.
        """
        width, height = _size(meta["size"], limits.max_pixels)
        fitted_size = fitted(width, height, limits.max_side_px)
        return cls(
            tensor=_numbers(tensor, *rule.net_size(height, width)),
            width=fitted_size[0],
            height=fitted_size[1],
            downsampled_to=None if fitted_size == (width, height) else fitted_size,
            decode_ms=_duration(meta["decode_ms"], limits.timeout_s),
            prepare_ms=_duration(meta["prepare_ms"], limits.timeout_s),
            warnings=_words(meta["warnings"], MOST_LINES, MOST_LINE_LENGTH),
            found=tuple(DAMAGE[DAMAGE.index(code)] for code in _words(meta["damage"], 9, 99)),
            focal_35mm=_focal(meta.get("focal_35mm")),
        )


def _size(said: Any, max_pixels: int) -> tuple[int, int]:
    width, height = said
    if type(width) is not int or type(height) is not int:
        raise TypeError("a size is two whole numbers")
    if min(width, height) < 1 or width * height > max_pixels:
        raise ValueError(f"{width} x {height} pixels cannot have been decoded")
    return width, height


def _numbers(said: bytearray, height: int, width: int) -> NDArray[np.float32]:
    tensor = np.frombuffer(said, np.float32).reshape(3, height, width)
    if not np.isfinite(tensor).all():
        raise ValueError("some of the numbers are none")
    return tensor


def _duration(said: Any, timeout_s: float) -> float:
    duration_ms = float(said)
    if not 0 <= duration_ms <= timeout_s * 1e3:
        raise ValueError("no image takes so long")
    return duration_ms


def _focal(said: Any) -> float | None:
    if said is None:
        return None
    focal_mm = float(said)
    if not LEAST_FOCAL_MM <= focal_mm <= MOST_FOCAL_MM:
        raise ValueError("there is no such lens")
    return focal_mm


def _words(said: Any, most: int, longest: int) -> tuple[str, ...]:
    if not isinstance(said, list) or len(said) > most:
        raise ValueError("too much is said")
    if not all(isinstance(word, str) and len(word) <= longest for word in said):
        raise ValueError("something else than short lines is said")
    return tuple(said)
