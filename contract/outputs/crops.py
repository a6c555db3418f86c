"""`crops`: the photograph cropped around its subject, once per aspect ratio."""

from __future__ import annotations

from contract.outputs.crop_options import CropOptions
from contract.outputs.declaration import Cost, FileType, Need, Output
from contract.outputs.subject_options import SubjectOptions

OUTPUT = Output(
    name="crops",
    renderer="worker.outputs.crop:render_pictures",
    cost=Cost(ms=55, ms_per_megapixel=26),
    types={"zip": FileType("zip", "application/zip")},
    line={
        "en": "the photograph cropped around its subject, one JPEG per aspect ratio, in a ZIP",
        "zh": "围绕主体裁剪的照片，每种宽高比一张 JPEG，打包为 ZIP",
    },
    options=(CropOptions, SubjectOptions),
    needs=frozenset({Need.PIXELS}),
)
