"""Options of all outputs that show the scene from several places: stereo, anaglyph, parallax."""

from __future__ import annotations

from contract.outputs.declaration import OutputOptions, option


class ShiftOptions(OutputOptions):
    """How far the views are apart."""

    shift_percent: float = option(
        3.0,
        ge=0.5,
        le=6,
        description="of the width: how far the nearest moves against the farthest between the "
        "two views that are farthest apart",
    )
