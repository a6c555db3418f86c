"""What a client may ask of a job. The pydantic model is the source of validation and OpenAPI."""

from __future__ import annotations

import operator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

OutputName = Literal["depth", "heatmap"]
Size = Literal["original", "model"]
DepthFormat = Literal["png16", "npy", "pfm", "exr"]
# scheme, host (a name or an IPv4 address, no user), port, the rest; printable ASCII
URL_PATTERN = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?][!-~]*)?$"
HeatmapFormat = Literal["jpg", "png", "webp"]
Colormap = Literal[
    "autumn", "bone", "cividis", "cool", "deepgreen", "gray", "hot", "hsv", "inferno", "jet",
    "magma", "ocean", "parula", "pink", "plasma", "rainbow", "spring", "summer", "turbo",
    "twilight", "twilight_shifted", "viridis", "winter",
]  # fmt: skip

# format → (file extension, media type)
FILE_TYPES: dict[str, tuple[str, str]] = {
    "png16": ("png", "image/png"),
    "npy": ("npy", "application/x-npy"),
    "pfm": ("pfm", "image/x-portable-floatmap"),
    "exr": ("exr", "image/x-exr"),
    "jpg": ("jpg", "image/jpeg"),
    "png": ("png", "image/png"),
    "webp": ("webp", "image/webp"),
}


class JobOptions(BaseModel):
    """The options of one job. Unknown options are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outputs: Annotated[tuple[OutputName, ...], Field(min_length=1, max_length=2)] = (
        "depth",
        "heatmap",
    )
    size: Size = Field(
        "original",
        description="`original`: as large as the image, or smaller where a side is longer than "
        "`DEPTHQ_MAX_SIDE_PX` (4096 px by default): then `input.downsampled_to` says how large; "
        "`model`: as the network saw it",
    )
    colormap: Colormap = Field(
        "inferno",
        description="of the heat map: `gray` (one channel of 8 bits, but in WebP), or an OpenCV "
        "colormap; near is bright, or the last color",
    )
    # Left out where it is false: records stay readable for workers of the release before, and what
    # is derived from the options, such as ids of items, stays the same.
    invert: bool = Field(
        False,
        description="turns the heat map's colors round: far is bright; depth files stay",
        exclude_if=operator.not_,
    )
    heatmap_format: HeatmapFormat = "jpg"
    depth_format: DepthFormat = "png16"
    webhook_url: Annotated[str, StringConstraints(max_length=500, pattern=URL_PATTERN)] | None = (
        Field(None, description="called once when the job has ended (Standard Webhooks)")
    )
    deadline_s: Annotated[int, Field(ge=1, le=86_400)] | None = Field(
        None, description="seconds after acceptance when the result is no longer wanted"
    )

    def format_of(self, output: OutputName) -> str:
        """Return the file format asked for `output` (a key of FILE_TYPES)."""
        return self.depth_format if output == "depth" else self.heatmap_format
