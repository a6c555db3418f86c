"""English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contract.outputs.description import ALT_CHARACTERS
from worker.outputs.encoding.regions import Layout, Thing
from worker.outputs.wording.terms import (
    clock_of,
    column_of,
    fitting,
    ratio_of,
    row_of,
    size_of,
    sweep,
)

HEDGE = "Estimated from one picture; distances are relative."
_SHORT_HEDGE = "Estimated depth."
_NUMBERS = ("nothing", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SIZES = {"small": "small", "medium": "medium-sized", "large": "large", "huge": "very large"}
_TIMES = {
    1.5: "one and a half times",
    2.0: "twice",
    2.5: "two and a half times",
    3.0: "three times",
    3.5: "three and a half times",
    4.0: "four times",
    4.5: "four and a half times",
    5.0: "five times or more",
}
_CLOCK = "Clock positions run from 10, the left edge of the picture, to 2, its right edge."


def alt(layout: Layout) -> str:
    """Return one or two sentences for an image's `alt`."""
    parts = [_count(layout) or _no_things(layout)]
    parts += [*_near_sides(layout), *_farthest(layout)]
    return fitting(parts, _SHORT_HEDGE, ALT_CHARACTERS, " ")


def short(layout: Layout) -> str:
    """Return a few sentences: three things at most."""
    return " ".join([*_things(layout, 3, at_length=False), *_rest(layout), HEDGE])


def long(layout: Layout) -> str:
    """Return all that is known, with clock positions and shares of the picture."""
    clock = [_CLOCK] if any(column_of(thing) != "across" for thing in layout.things) else []
    return " ".join([*_things(layout, 7, at_length=True), *_rest(layout), *clock, HEDGE])


def _count(layout: Layout) -> str:
    if not layout.things:
        return ""
    lead = layout.things[0]
    about = f"{_SIZES[size_of(lead)]}, {_place(lead)}."
    if len(layout.things) == 1:
        return f"One thing stands out: {about}"
    return f"{_number(len(layout.things)).capitalize()} things stand out; the main one: {about}"


def _no_things(layout: Layout) -> str:
    if layout.flat:
        return "There are no differences of depth."
    edge = layout.nearest_edge
    return "Nothing stands out." + (
        f" Depth falls off evenly; nearest is the {edge} edge." if edge else ""
    )


def _things(layout: Layout, most: int, *, at_length: bool) -> Iterable[str]:
    if not layout.things:
        yield _no_things(layout)
        return
    lead, count = layout.things[0], len(layout.things)
    about = _about(lead, layout, at_length=at_length)
    if count == 1:
        yield f"One thing stands out. It is {about}."
    else:
        yield f"{_number(count).capitalize()} things stand out. The main one is {about}."
    if (ratio := ratio_of(lead.behind)) is not None:
        yield f"What surrounds it is {_TIMES[ratio]} as far away."
    others = [_about(thing, layout, at_length=at_length) for thing in sweep(layout, most)]
    if len(others) == 1:
        yield f"The other is {others[0]}." if count == 2 else f"Another is {others[0]}."
    elif others:
        yield f"Others, from left to right: {'; '.join(others)}."


def _about(thing: Thing, layout: Layout, *, at_length: bool) -> str:
    parts = [_SIZES[size_of(thing)], _place(thing)]
    if at_length:
        parts += [f"at {clock_of(thing)} o'clock"] if column_of(thing) != "across" else []
        parts.append(f"filling {max(1, round(thing.share * 100))} percent of the picture")
    nearest = layout.nearest
    if nearest is not None and len(layout.things) > 1:
        ratio = ratio_of(thing.distance, nearest.distance)
        far = f"{_TIMES[ratio]} as far as the nearest" if ratio else "as near as the nearest"
        parts.append("the nearest" if thing is nearest else far)
    return ", ".join(parts)


def _place(thing: Thing) -> str:
    column, row = column_of(thing), row_of(thing)
    if column == "across":
        return {
            "full": "across the whole picture",
            "middle": "across the picture at mid-height",
        }.get(row, f"across the {row} part")
    if row == "full":
        return {"middle": "in the middle, from top to bottom"}.get(
            column, f"on the {column}, from top to bottom"
        )
    if column == "middle":
        return "in the middle" if row == "middle" else f"in the {row} middle"
    return f"on the {column}" if row == "middle" else f"on the {row} {column}"


def _rest(layout: Layout) -> Iterable[str]:
    if (ground := layout.ground) is not None:
        height = max(1, round((1 - ground.top) * 10))
        reach = "the whole height" if height > 9 else f"{height * 10} percent of the height"
        yield f"A flat, ground-like surface recedes from the bottom edge up to {reach}."
    yield from _near_sides(layout)
    yield from _farthest(layout)


def _near_sides(layout: Layout) -> Iterable[str]:
    if layout.near and layout.nearest_edge is None:
        yield f"Near surfaces {_thirds(layout.near)}."


def _farthest(layout: Layout) -> Iterable[str]:
    if layout.far and layout.nearest_edge is None:
        top = ", at the top" if layout.far_on_top else ""
        verb = "span the whole width" if len(layout.far) == 3 else f"are {_thirds(layout.far)}"
        yield f"The farthest parts {verb}{top}."


def _thirds(names: Sequence[str]) -> str:
    if len(names) == 3:
        return "across the whole width"
    sides = [name for name in names if name != "middle"]
    words = ["on the " + " and ".join(sides)] if sides else []
    words += ["in the middle"] if "middle" in names else []
    return " and ".join(words if names[0] != "middle" else words[::-1])


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
