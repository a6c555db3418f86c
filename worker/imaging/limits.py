"""What one decode may cost, as the parent tells it the child."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of one image; sizes in bytes or px, times in seconds."""

    memory_bytes: int
    timeout_s: float
    max_pixels: int
    max_side_px: int
    extra_formats: tuple[str, ...]

    def to_json(self) -> str:
        """Return the limits as one argument of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """Return what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "extra_formats": tuple(fields["extra_formats"])})


def fitted(width: int, height: int, max_side_px: int) -> tuple[int, int]:
    """Return the size, at most as large, whose long side is within `max_side_px`."""
    longest = max(width, height)
    if longest <= max_side_px:
        return width, height
    scale = max_side_px / longest
    return max(1, round(width * scale)), max(1, round(height * scale))
