"""Options of all outputs that are about one subject, and how a place in a picture is written.

Places are fractions of width and height, 0…1, from the upper left corner: `0.5,0.25` is the middle
of the picture's width, a quarter of its height down.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from contract.outputs.declaration import OutputOptions, option

_FRACTION = r"(0(\.[0-9]{1,6})?|1(\.0{1,6})?|\.[0-9]{1,6})"
Place = Annotated[str, StringConstraints(max_length=20, pattern=rf"^{_FRACTION},{_FRACTION}$")]


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
