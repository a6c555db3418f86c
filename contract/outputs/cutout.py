"""`cutout`: the subject alone, on nothing."""

from __future__ import annotations

from contract.outputs.declaration import FileType, Need, Output
from contract.outputs.subject_options import SubjectOptions

OUTPUT = Output(
    name="cutout",
    renderer="worker.outputs.cutout:render",
    types={"png": FileType("png", "image/png")},
    line={
        "en": "the subject cut out along its edges, on a transparent background",
        "zh": "抠图:沿边缘抠出主体,背景透明",
    },
    options=(SubjectOptions,),
    needs=frozenset({Need.PIXELS}),
)
