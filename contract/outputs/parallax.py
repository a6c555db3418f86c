"""`parallax`: a short loop in which the camera moves a little."""

from __future__ import annotations

from contract.outputs.declaration import FileType, Need, Output
from contract.outputs.shift import ShiftOptions

OUTPUT = Output(
    name="parallax",
    renderer="worker.outputs.parallax:render",
    types={"webp": FileType("webp", "image/webp")},
    line={
        "en": "a short loop in which the camera sways a little: depth without glasses",
        "zh": "镜头轻微摆动的循环动画:裸眼也能感到远近",
    },
    options=(ShiftOptions,),
    needs=frozenset({Need.PIXELS}),
    order=62,
)
