"""`heatmap`: depth as a picture for people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contract.outputs.declaration import Cost, FileType, Output, OutputOptions, option
from contract.outputs.refine import RefineOptions

HeatmapFormat = Literal["jpg", "png", "webp"]
Colormap = Literal[
    "autumn", "bone", "cividis", "cool", "deepgreen", "gray", "hot", "hsv", "inferno", "jet",
    "magma", "ocean", "parula", "pink", "plasma", "rainbow", "spring", "summer", "turbo",
    "twilight", "twilight_shifted", "viridis", "winter",
]  # fmt: skip


class HeatmapOptions(OutputOptions):
    """How the picture looks."""

    colormap: Colormap = Field(
        "inferno",
        description="of the heat map: `gray` (one channel of 8 bits, but in WebP), or an OpenCV "
        "colormap; near is bright, or the last color",
    )
    invert: bool = option(
        False, description="turns the heat map's colors round: far is bright; depth files stay"
    )
    heatmap_format: HeatmapFormat = "jpg"


OUTPUT = Output(
    name="heatmap",
    renderer="worker.outputs.heatmap:render",
    cost=Cost(ms_per_megapixel=5.3),
    types={
        "jpg": FileType("jpg", "image/jpeg"),
        "png": FileType("png", "image/png"),
        "webp": FileType("webp", "image/webp"),
    },
    line={
        "en": "depth in colors, to look at: near is bright",
        "zh": "彩色深度图，供人观看：越亮越近",
    },
    options=(HeatmapOptions, RefineOptions),
    format_option="heatmap_format",
    order=1,
)
