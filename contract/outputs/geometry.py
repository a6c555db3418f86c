"""Options of all outputs that lift depth into space: point clouds, meshes, normals."""

from __future__ import annotations

from contract.outputs.declaration import Need, OutputOptions, option


class GeometryOptions(OutputOptions):
    """The camera, and how deep the scene is taken to be: relative depth knows neither."""

    fov_deg: float | None = option(
        None,
        ge=5,
        le=170,
        description="horizontal field of view; by default from EXIF's 35 mm focal length, else 55",
    )
    near_far_ratio: float = option(
        5.0, ge=1.1, le=1000, description="how many times as far as the nearest is the farthest"
    )


CAMERA = frozenset({Need.CAMERA})
