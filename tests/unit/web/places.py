"""Sentences of the page whose keys are made from data: the group, and all that it may be asked."""

from __future__ import annotations

from contract.errors import ERROR_CODES
from contract.outputs.registry import own_outputs
from contract.states import DatasetState

_OPTIONS = {
    name: schema
    for output in own_outputs()
    for group in output.options
    for name, schema in group.model_json_schema()["properties"].items()
}
# Names of colormaps and of file formats are the same in every language.
_SELF_NAMED = {"colormap", *(name for name in _OPTIONS if name.endswith("_format"))}
# What a file is that is no picture (api/web/kinds.js).
_OTHERS = ("document", "drawing", "raw", "layers", "archive", "sound")

OF_DATA: dict[str, set[str]] = {
    "error": {
        *ERROR_CODES,
        "network",
        "not_ours",
        "unsupported_media_type.videos",
        *(f"no_picture.{kind}" for kind in _OTHERS),
    },
    "left": {"some", "all", "videos", "others", "and", "nothing"},
    "place": {str(cell) for cell in range(9)},
    "sample": {"coffee", "cat", "astronaut"},
    "act": {
        act + of for act in ("download", "film", "retry", "cancel", "remove") for of in ("", ".of")
    },
    "dataset": {state.value for state in DatasetState},
    "lane": {"interactive", "bulk"},
    "worker": {"ready", "draining", "starting"},
    "lacks": {"redis", "storage", "room", "broker"},
    "tab": {"look", "make", "solid"},
    "mode": {"slider", "side", "overlay", "depth"},
    "output": {output.name for output in own_outputs()},
    "option": set(_OPTIONS),
    "value": {
        f"{name}.{value}"
        for name, schema in _OPTIONS.items()
        if name not in _SELF_NAMED
        for value in schema.get("enum", ())
    },
}
