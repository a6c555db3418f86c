"""`depth`: relative inverse depth as numbers, exact and self-describing."""

from __future__ import annotations

from typing import Literal

from contract.outputs.declaration import Cost, FileType, Output, OutputOptions
from contract.outputs.refine import RefineOptions

DepthFormat = Literal["png16", "npy", "pfm", "exr", "tiff16", "tiff32"]


class DepthOptions(OutputOptions):
    """How the numbers are written."""

    depth_format: DepthFormat = "png16"


OUTPUT = Output(
    name="depth",
    renderer="worker.outputs.depth:render",
    cost=Cost(ms_per_megapixel=3.3),
    types={
        "png16": FileType("png", "image/png"),
        "npy": FileType("npy", "application/x-npy"),
        "pfm": FileType("pfm", "image/x-portable-floatmap"),
        "exr": FileType("exr", "image/x-exr"),
        "tiff16": FileType("tif", "image/tiff"),
        "tiff32": FileType("tif", "image/tiff"),
    },
    line={
        "en": "the numbers: for every pixel how near it is, with their scale inside the file",
        "zh": "深度数值：每个像素有多近，换算比例写在文件里",
    },
    options=(DepthOptions, RefineOptions),
    format_option="depth_format",
    order=0,
)
