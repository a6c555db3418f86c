"""`preview`: photograph, heat map and legend as one picture to send."""

from __future__ import annotations

from contract.outputs.declaration import Cost, FileType, Need, Output
from contract.outputs.heatmap import HeatmapOptions

OUTPUT = Output(
    name="preview",
    renderer="worker.outputs.preview:render",
    cost=Cost(ms=20, ms_per_megapixel=6.6),
    types={"jpg": FileType("jpg", "image/jpeg")},
    line={
        "en": "photograph, heat map and legend side by side, as one picture to send",
        "zh": "照片、彩色深度图和图例拼成一张图，便于发送",
    },
    options=(HeatmapOptions,),
    needs=frozenset({Need.PIXELS}),
    order=11,
)
