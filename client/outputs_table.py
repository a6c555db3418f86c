"""Writes docs/outputs.md from the declarations of outputs: `python -m client.outputs_table`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import get_args

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from contract.outputs.declaration import Output
from contract.outputs.registry import own_outputs

DOCUMENT = Path(__file__).parent.parent / "docs" / "outputs.md"
NOTES = DOCUMENT.with_suffix("")  # docs/outputs/NAME.md: where an output fails, how it is made
INTRODUCTION = """# Outputs

A job makes the outputs that `outputs` names, all from one computation of its depth: `depth` and
`heatmap` unless something else is asked. The same names work for datasets, for
`depthq submit --outputs` and for the API; `GET /v1/outputs` lists them with their options as JSON
Schema. Depth is relative: no output knows metres. A file names the model and the weights that made
it, where its format has a place for that; the job's document always does.

![Photographs and what is made of them](images/outputs.jpg)

*Results of this service (`docs/images/outputs.py`).*

This page is made from the declarations in `contract/outputs/`: change those, then run
`python -m client.outputs_table`.
"""
_NUMBERS = {int: "whole number", float: "number"}


def render() -> str:
    """Return the document, of the outputs that depthq brings itself."""
    outputs = own_outputs()
    rows = [_row(output) for output in outputs]
    head = ["| output | what it is good for | files |", "|---|---|---|"]
    parts = [INTRODUCTION, "\n".join([*head, *rows]) + "\n", *map(_section, outputs)]
    return "\n".join(parts)


def _row(output: Output) -> str:
    kinds = ", ".join(dict.fromkeys(f"`{kind.media_type}`" for kind in output.types.values()))
    return f"| [`{output.name}`](#{output.name}) | {output.line['en']} | {kinds} |"


def _section(output: Output) -> str:
    line = output.line["en"]  # not `capitalize`, which would write "gltf"
    lines = [f"## {output.name}", "", f"{line[0].upper()}{line[1:]}."]
    fields = {n: f for group in output.options for n, f in group.model_fields.items()}
    if fields:
        lines += ["", "| option | values | default | meaning |", "|---|---|---|---|"]
        lines += [_option(name, field) for name, field in fields.items()]
    if (NOTES / f"{output.name}.md").exists():
        lines += ["", f"More: [{output.name}](outputs/{output.name}.md)."]
    return "\n".join(lines) + "\n"


def _option(name: str, field: FieldInfo) -> str:
    default = "" if field.default is None else f"`{json.dumps(field.default).strip(chr(34))}`"
    cells = (f"`{name}`", _values(field), default, field.description or "the kind of file")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _values(field: FieldInfo) -> str:
    """Return what a value may be: the names, or the kind of number and its bounds."""
    kinds = (field.annotation, *get_args(field.annotation))
    named = [f"`{value}`" for value in kinds if isinstance(value, str)]
    if named or bool in kinds:
        return ", ".join(named) or "`true`, `false`"
    number = next((word for kind, word in _NUMBERS.items() if kind in kinds), "text")
    least = [f"{bound.ge:,}" for bound in field.metadata if isinstance(bound, Ge)]
    most = [f"{bound.le:,}" for bound in field.metadata if isinstance(bound, Le)]
    bounds = " to ".join([*least, *most])
    return f"{number}, {bounds}" if bounds else number


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(render())
    else:
        DOCUMENT.write_text(render(), encoding="utf-8")
