"""`pointcloud`: the scene as colored points with normals."""

from __future__ import annotations

from typing import Literal

from contract.outputs.cut import CutOptions
from contract.outputs.declaration import Cost, FileType, Need, Output, OutputOptions, option
from contract.outputs.geometry import CAMERA, GeometryOptions
from contract.outputs.points import PointOptions
from contract.outputs.refine import RefineOptions

PointcloudFormat = Literal["ply", "xyz", "las"]


class PointcloudOptions(OutputOptions):
    """How the points are written."""

    pointcloud_format: PointcloudFormat = option(
        "ply",
        description="`ply`: binary; `xyz`: a line of text per point; both have x y z, the normal "
        "and red green blue. `las`: LAS 1.2 for surveying tools, z up, without normals",
    )


OUTPUT = Output(
    name="pointcloud",
    renderer="worker.outputs.pointcloud:render",
    cost=Cost(ms=170, ms_per_megapixel=21),
    types={
        "ply": FileType("ply", "application/x-ply"),
        "xyz": FileType("xyz", "application/x-xyz"),
        "las": FileType("las", "application/vnd.las"),
    },
    line={
        "en": "colored points in space with normals, for MeshLab, CloudCompare, Blender, Open3D",
        "zh": "带颜色和法线的三维点云，可用 MeshLab、CloudCompare、Blender、Open3D 打开",
    },
    options=(PointcloudOptions, PointOptions, CutOptions, GeometryOptions, RefineOptions),
    format_option="pointcloud_format",
    needs=CAMERA | {Need.PIXELS},
    order=20,
)
