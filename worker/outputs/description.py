"""Depth in words."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from contract.outputs.description import DescriptionOptions, Language
from contract.outputs.geometry import GeometryOptions
from worker.outputs.encoding.regions import Layout, Thing, layout
from worker.outputs.view import Rendering, View
from worker.outputs.wording import chinese, english
from worker.outputs.wording.terms import clock_of, column_of, row_of, size_of

_WORDS: dict[Language, ModuleType] = {"en": english, "zh": chinese}


def render(view: View) -> Rendering:
    """Return the description as UTF-8 text, or as JSON."""
    options = view.options.of(DescriptionOptions)
    if options.detail != "json":
        return Rendering(described(view, options.detail).encode(), None)
    about = json.dumps(facts(view), ensure_ascii=False, indent=1, allow_nan=False)
    return Rendering(about.encode(), None)


def described(view: View, detail: str) -> str:
    """Return the text at a level of `detail`: `alt`, `short` or `long`."""
    return _said(seen(view), view.options.of(DescriptionOptions).language, detail)


def seen(view: View) -> Layout:
    """Return what the depth of `view` shows."""
    return layout(view.depth, *view.net_range, view.options.of(GeometryOptions).near_far_ratio)


def facts(view: View) -> dict[str, Any]:
    """Return the description as JSON tells it. Places and shares are 0…1 of the picture."""
    found = seen(view)
    ground, language = found.ground, view.options.of(DescriptionOptions).language
    return {
        "language": language,
        **{detail: _said(found, language, detail) for detail in ("alt", "short", "long")},
        "things": [_thing(thing, found) for thing in found.things],
        "ground": ground and {"top": round(ground.top, 3), "share": round(ground.share, 3)},
        "near_sides": list(found.near),
        "farthest": list(found.far),
        "nearest_edge": found.nearest_edge,
        "near_far_ratio": view.options.of(GeometryOptions).near_far_ratio,
        "model": view.model.name,
        "weights_id": view.model.weights_id,
    }


def _said(found: Layout, language: Language, detail: str) -> str:
    return str(getattr(_WORDS[language], detail)(found))


def _thing(thing: Thing, found: Layout) -> dict[str, Any]:
    nearest = found.nearest or thing
    return {
        "x": round(thing.x, 3),
        "y": round(thing.y, 3),
        "box": [round(float(edge), 3) for edge in thing.box],
        "column": column_of(thing),
        "row": row_of(thing),
        "clock": clock_of(thing),
        "size": size_of(thing),
        "share": round(thing.share, 3),
        "nearness": round(thing.nearness, 3),
        "distance_to_nearest": round(thing.distance / nearest.distance, 2),
        "surroundings_to_it": round(thing.behind, 2),
    }
