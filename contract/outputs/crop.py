"""`crop`: where to crop, as numbers."""

from __future__ import annotations

from contract.outputs.crop_options import CropOptions
from contract.outputs.declaration import Cost, FileType, Output
from contract.outputs.subject_options import SubjectOptions

OUTPUT = Output(
    name="crop",
    renderer="worker.outputs.crop:render",
    cost=Cost(ms=72, ms_per_megapixel=1.1),
    types={"json": FileType("json", "application/json")},
    line={
        "en": "boxes around the subject for the aspect ratios you name, as JSON",
        "zh": "按指定的宽高比给出围绕主体的裁剪框（JSON）",
    },
    options=(CropOptions, SubjectOptions),
)
