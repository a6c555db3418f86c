"""`subject`: the mask of the one thing that stands out by depth."""

from __future__ import annotations

from contract.outputs.declaration import Cost, FileType, Need, Output
from contract.outputs.subject_options import SubjectOptions

OUTPUT = Output(
    name="subject",
    renderer="worker.outputs.subject:render",
    cost=Cost(ms=330, ms_per_megapixel=14),
    types={"png": FileType("png", "image/png")},
    line={
        "en": "a mask of the subject: white where it is, gray along its edges, black elsewhere",
        "zh": "主体蒙版：主体为白，边缘为灰，其余为黑",
    },
    options=(SubjectOptions,),
    needs=frozenset({Need.PIXELS}),
)
