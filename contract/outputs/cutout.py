"""`cutout`: the subject alone, on nothing."""

from __future__ import annotations

from contract.outputs.declaration import Cost, FileType, Need, Output
from contract.outputs.subject_options import SubjectOptions

OUTPUT = Output(
    name="cutout",
    renderer="worker.outputs.cutout:render",
    cost=Cost(ms=380, ms_per_megapixel=68),
    types={"png": FileType("png", "image/png")},
    line={
        "en": "the subject cut out along its edges, on a transparent background",
        "zh": "抠图：沿边缘抠出主体，背景透明",
    },
    options=(SubjectOptions,),
    needs=frozenset({Need.PIXELS}),
)
