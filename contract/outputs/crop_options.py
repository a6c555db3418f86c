"""Options of both outputs that crop: the boxes and the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract.outputs.declaration import OutputOptions, matching, option

_RATIO = "[1-9][0-9]?:[1-9][0-9]?"  # so that no crop is narrower than 1:99
if TYPE_CHECKING:
    Aspects = str
else:
    Aspects = matching(
        rf"{_RATIO}(,{_RATIO}){{0,11}}",
        "at most twelve ratios of width to height, each number from 1 to 99, as 1:1,16:9",
    )


class CropOptions(OutputOptions):
    """Which shapes, and how close."""

    aspects: Aspects = option(
        "1:1,4:5,16:9,9:16",
        description="aspect ratios of crops, `width:height`, at most 12, separated by commas",
    )
    crop_zoom: float = option(
        0.0,
        ge=0,
        le=1,
        description="how close crops are: 0 is as much of the picture as the ratio allows, 1 is "
        "the subject with a margin",
    )


def ratios(aspects: str) -> dict[str, float]:
    """Return width / height of each ratio that `aspects` lists, by its text, in order."""
    found = {}
    for text in aspects.split(","):
        width, _, height = text.partition(":")
        found[text] = int(width) / int(height)
    return found
