"""`max_points`: how many points an output in space may have; shared by them."""

from __future__ import annotations

from contract.outputs.declaration import OutputOptions, option


class PointOptions(OutputOptions):
    """How many points there are."""

    max_points: int | None = option(
        None,
        ge=100,
        le=4_000_000,
        description="at most; by default 1 000 000 in `pointcloud` and 200 000 in `seed3dgs`",
    )
