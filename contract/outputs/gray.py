"""`gray`: depth as an 8-bit picture, near white, as tools that steer image models take it."""

from __future__ import annotations

from contract.outputs.declaration import Cost, FileType, Output
from contract.outputs.refine import RefineOptions

OUTPUT = Output(
    name="gray",
    renderer="worker.outputs.gray:render",
    cost=Cost(ms_per_megapixel=2.5),
    types={"png": FileType("png", "image/png")},
    line={
        "en": "8-bit gray, near is white: what ControlNet and most image editors take",
        "zh": "8 位灰度图，近处为白：ControlNet 和多数图像软件可直接使用",
    },
    options=(RefineOptions,),
    order=10,
)
