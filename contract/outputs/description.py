"""`description`: what depth shows, in words, for people who cannot see the picture."""

from __future__ import annotations

from typing import Literal

from contract.outputs.declaration import Cost, FileType, Output, OutputOptions, option
from contract.outputs.geometry import GeometryOptions

Language = Literal["en", "zh"]
Detail = Literal["alt", "short", "long", "json"]
ALT_CHARACTERS = 125  # what common screen readers say in one go


class DescriptionOptions(OutputOptions):
    """In which language, and how much; `speech` reads the same text."""

    language: Language = option("en", description="of `description` and `speech`")
    detail: Detail = option(
        "short",
        description=f"of `description` and `speech`: `alt` (for an image's `alt`, at most "
        f"{ALT_CHARACTERS} characters), `short`, `long`, or `json` (numbers, and all three texts; "
        "`speech` then reads the long one)",
    )


_TEXT = FileType("txt", "text/plain; charset=utf-8")

OUTPUT = Output(
    name="description",
    renderer="worker.outputs.description:render",
    cost=Cost(ms=10, ms_per_megapixel=1.5),
    types={
        "alt": _TEXT,
        "short": _TEXT,
        "long": _TEXT,
        "json": FileType("json", "application/json"),
    },
    line={
        "en": "in words: how many things stand out, where, and which are nearer",
        "zh": "文字描述：画面中有几处突出的物体、在哪里、哪个更近",
    },
    options=(DescriptionOptions, GeometryOptions),
    format_option="detail",
    order=90,
)
