"""`anaglyph`: both views in one picture, for red-cyan glasses."""

from __future__ import annotations

from contract.outputs.declaration import Cost, FileType, Need, Output
from contract.outputs.shift import ShiftOptions

OUTPUT = Output(
    name="anaglyph",
    renderer="worker.outputs.anaglyph:render",
    cost=Cost(ms_per_megapixel=240),
    types={"jpg": FileType("jpg", "image/jpeg")},
    line={
        "en": "one picture to see in 3D through red-cyan glasses",
        "zh": "红青立体图：戴红青眼镜观看",
    },
    options=(ShiftOptions,),
    needs=frozenset({Need.PIXELS}),
    order=61,
)
