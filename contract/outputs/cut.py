"""What outputs in space leave out of the surface; shared by them."""

from __future__ import annotations

from contract.outputs.declaration import OutputOptions, option


class CutOptions(OutputOptions):
    """Which parts are left out. A picture of which nothing would remain stays whole."""

    drop_edges: bool = option(
        True,
        description="leaves out what lies on the step from a near thing to what is behind it: "
        "there is no surface",
    )
    drop_sky: bool = option(
        False, description="leaves out the farthest part that reaches the picture's upper border"
    )
