"""`stereo`: a view for each eye, side by side."""

from __future__ import annotations

from typing import Literal

from contract.outputs.declaration import Cost, FileType, Need, Output, OutputOptions, option
from contract.outputs.shift import ShiftOptions

StereoEyes = Literal["parallel", "cross"]
StereoWidth = Literal["full", "half"]


class StereoOptions(OutputOptions):
    """How the two views stand side by side."""

    stereo_eyes: StereoEyes = option(
        "parallel",
        description="`parallel`: the left eye's view is on the left (viewers, headsets); `cross`: "
        "on the right, for crossed eyes",
    )
    stereo_width: StereoWidth = option(
        "full",
        description="`full`: each view as wide as the picture; `half`: both squeezed into its "
        "width, as 3D televisions take it",
    )


OUTPUT = Output(
    name="stereo",
    renderer="worker.outputs.stereo:render",
    cost=Cost(ms_per_megapixel=230),
    types={"jpg": FileType("jpg", "image/jpeg")},
    line={
        "en": "a view for each eye, side by side: for headsets, 3D screens and crossed eyes",
        "zh": "左右眼视图并排：用于头显、3D 屏幕或裸眼交叉观看",
    },
    options=(StereoOptions, ShiftOptions),
    needs=frozenset({Need.PIXELS}),
    order=60,
)
