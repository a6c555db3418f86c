"""`parallax`: a short loop in which the camera moves a little."""

from __future__ import annotations

from typing import Literal

from contract.outputs.declaration import Cost, FileType, Need, Output, OutputOptions, option
from contract.outputs.shift import ShiftOptions


class ParallaxOptions(OutputOptions):
    """How the loop is written."""

    parallax_format: Literal["webp", "mp4"] = option(
        "webp",
        description="`webp`: an animation that repeats itself; `mp4`: four sways as H.264, where "
        "the worker has the extra `video`",
    )


OUTPUT = Output(
    name="parallax",
    renderer="worker.outputs.parallax:render",
    cost=Cost(ms=1000, ms_per_megapixel=13),
    types={"webp": FileType("webp", "image/webp"), "mp4": FileType("mp4", "video/mp4")},
    line={
        "en": "a short loop in which the camera sways a little: depth without glasses",
        "zh": "镜头轻微摆动的循环动画：裸眼也能感到远近",
    },
    options=(ParallaxOptions, ShiftOptions),
    format_option="parallax_format",
    needs=frozenset({Need.PIXELS}),
    order=62,
)
