"""`gdepth`: one JPEG that carries its depth, for viewers and editors that know depth photos."""

from __future__ import annotations

from contract.outputs.declaration import Cost, FileType, Need, Output
from contract.outputs.geometry import GeometryOptions
from contract.outputs.refine import RefineOptions

OUTPUT = Output(
    name="gdepth",
    renderer="worker.outputs.gdepth:render",
    cost=Cost(ms_per_megapixel=7.4),
    types={"jpg": FileType("jpg", "image/jpeg")},
    line={
        "en": "the photograph as one JPEG that carries its depth (GDepth)",
        "zh": "自带深度图的 JPEG 照片（GDepth 格式）",
    },
    options=(GeometryOptions, RefineOptions),
    needs=frozenset({Need.PIXELS}),
    order=30,
)
