"""`mesh`: the scene as a surface with the photograph on it."""

from __future__ import annotations

from contract.outputs.cut import CutOptions
from contract.outputs.declaration import Cost, FileType, Need, Output, OutputOptions, option
from contract.outputs.geometry import CAMERA, GeometryOptions
from contract.outputs.refine import RefineOptions


class MeshOptions(OutputOptions):
    """How fine the surface is."""

    mesh_side: int = option(
        512,
        ge=16,
        le=1024,
        description="vertices of the mesh along the picture's longer side, at most",
    )


OUTPUT = Output(
    name="mesh",
    renderer="worker.outputs.mesh:render",
    cost=Cost(ms=92, ms_per_megapixel=7.1),
    types={"glb": FileType("glb", "model/gltf-binary")},
    line={
        "en": "a surface with the photograph on it (glTF), for Blender, game engines and web pages",
        "zh": "贴有照片纹理的三维表面（glTF），可用于 Blender、游戏引擎和网页",
    },
    options=(MeshOptions, CutOptions, GeometryOptions, RefineOptions),
    needs=CAMERA | {Need.PIXELS},
    order=21,
)
