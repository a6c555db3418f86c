"""`seed3dgs`: photograph, camera and points as COLMAP lays them out, to start a training from."""

from __future__ import annotations

from contract.outputs.cut import CutOptions
from contract.outputs.declaration import Cost, FileType, Need, Output
from contract.outputs.geometry import CAMERA, GeometryOptions
from contract.outputs.points import PointOptions
from contract.outputs.refine import RefineOptions

OUTPUT = Output(
    name="seed3dgs",
    renderer="worker.outputs.seed3dgs:render",
    cost=Cost(ms=7.8, ms_per_megapixel=26),
    types={"zip": FileType("zip", "application/zip")},
    line={
        "en": "a start for Gaussian splatting: photograph, camera and points as COLMAP writes them",
        "zh": "高斯泼溅训练的起点：照片、相机和点云，采用 COLMAP 目录格式",
    },
    options=(PointOptions, CutOptions, GeometryOptions, RefineOptions),
    needs=CAMERA | {Need.PIXELS},
    order=22,
)
