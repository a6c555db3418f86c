"""What a decoding child gives back for a good image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.imaging.damage import damage


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

    @property
    def damage(self) -> tuple[str, ...]:
        """What the file and the decoder's lines tell of damage, as stable codes."""
        return damage(self.warnings, self.found)

    @classmethod
    def from_answer(cls, meta: Mapping[str, Any], tensor: bytearray) -> Prepared:
        """Return what the child said. Raises KeyError, TypeError or ValueError on nonsense."""
        channels, net_height, net_width = (int(side) for side in meta["shape"])
        width, height = (int(side) for side in meta["size"])
        fitted_width, fitted_height = (int(side) for side in meta["fitted"])
        fitted = (fitted_width, fitted_height)
        return cls(
            tensor=np.frombuffer(tensor, np.float32).reshape(channels, net_height, net_width),
            width=fitted_width,
            height=fitted_height,
            downsampled_to=None if fitted == (width, height) else fitted,
            decode_ms=float(meta["decode_ms"]),
            prepare_ms=float(meta["prepare_ms"]),
            warnings=tuple(str(line) for line in meta["warnings"]),
            found=tuple(str(code) for code in meta["damage"]),
        )
