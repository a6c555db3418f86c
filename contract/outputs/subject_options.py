"""Options of all outputs that are about one subject, and how a place in a picture is written.

Places are fractions of width and height, 0…1, from the upper left corner: `0.5,0.25` is the middle
of the picture's width, a quarter of its height down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract.outputs.declaration import OutputOptions, matching, option

_FRACTION = r"(0(\.[0-9]{1,6})?|1(\.0{1,6})?|\.[0-9]{1,6})"
if TYPE_CHECKING:
    Place = str
else:
    Place = matching(
        f"{_FRACTION},{_FRACTION}",
        "two fractions of width and height, 0…1, from the upper left corner, as 0.5,0.25",
    )


class SubjectOptions(OutputOptions):
    """Which subject is meant."""

    at: Place | None = option(
        None,
        description="a point of the subject, `x,y` as fractions of width and height (0…1, from the "
        "upper left corner); by default the subject is found by nearness and compactness",
    )


def place(text: str | None) -> tuple[float, float] | None:
    """Return x and y, 0…1, that `text` of the type Place says."""
    if text is None:
        return None
    x, _, y = text.partition(",")
    return float(x), float(y)
