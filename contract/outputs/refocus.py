"""`refocus`: the photograph as a large lens would have taken it."""

from __future__ import annotations

from contract.outputs.declaration import Cost, FileType, Need, Output, OutputOptions, option
from contract.outputs.subject_options import Place, SubjectOptions


class RefocusOptions(OutputOptions):
    """What is sharp, and how far from sharp the rest is."""

    focus: Place | None = option(
        None,
        description="a point that is sharp, `x,y` as fractions of width and height (0…1, from the "
        "upper left corner); by default the subject",
    )
    f_number: float = option(
        2.8,
        ge=0.7,
        le=32,
        description="as on a lens: smaller blurs more; from nearest to farthest a point becomes a "
        "disc with a radius of 4 % of the picture's diagonal, divided by this number",
    )


OUTPUT = Output(
    name="refocus",
    renderer="worker.outputs.refocus:render",
    cost=Cost(ms_per_megapixel=450),
    types={"jpg": FileType("jpg", "image/jpeg")},
    line={
        "en": "the photograph with a blurred background, as a large lens draws it",
        "zh": "背景虚化：像大光圈镜头那样重新对焦",
    },
    options=(RefocusOptions, SubjectOptions),
    needs=frozenset({Need.PIXELS}),
)
