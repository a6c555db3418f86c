"""`normals`: which way the surface faces, as a picture."""

from __future__ import annotations

from typing import Literal

from contract.outputs.declaration import Cost, FileType, Output, OutputOptions, option
from contract.outputs.geometry import CAMERA, GeometryOptions
from contract.outputs.refine import RefineOptions

NormalsFormat = Literal["png8", "png16"]


class NormalsOptions(OutputOptions):
    """How many bits a component has."""

    normals_format: NormalsFormat = option("png8", description="PNG of 8 or 16 bits a component")


OUTPUT = Output(
    name="normals",
    renderer="worker.outputs.normals:render",
    cost=Cost(ms_per_megapixel=57),
    types={"png8": FileType("png", "image/png"), "png16": FileType("png", "image/png")},
    line={
        "en": "which way each surface faces (OpenGL normal map), for relighting and ControlNet",
        "zh": "表面法线图（OpenGL 约定），可用于重新打光和 ControlNet",
    },
    options=(NormalsOptions, GeometryOptions, RefineOptions),
    format_option="normals_format",
    needs=CAMERA,
    order=23,
)
