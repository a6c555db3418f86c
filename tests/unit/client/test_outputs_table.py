"""docs/outputs.md tells what there is."""

from __future__ import annotations

from client.outputs_table import DOCUMENT, render
from contract.outputs.registry import BROKEN, OUTPUTS, own_outputs


def test_the_page_is_current():
    command = "python -m client.outputs_table"
    assert DOCUMENT.read_text(encoding="utf-8") == render(), f"make it anew: {command}"


def test_every_output_says_in_both_languages_what_it_is_good_for():
    assert [o.name for o in OUTPUTS.values() if {"en", "zh"} - set(o.line)] == []


def test_every_option_of_an_output_says_what_it_means():
    silent = [
        name
        for output in own_outputs()
        for group in output.options
        for name, field in group.model_fields.items()
        if not field.description and not name.endswith("_format")
    ]
    assert silent == []


def test_nothing_that_is_plugged_in_is_broken():
    assert BROKEN == {}


def test_names_keep_their_capitals_and_numbers_have_their_bounds():
    page = render()
    assert "A surface with the photograph on it (glTF), for Blender, game engines" in page
    assert "| `mesh_side` | whole number, 16 to 1,024 | `512` |" in page
    assert "| `f_number` | number, 0.7 to 32 | `2.8` |" in page
    assert "| `invert` | `true`, `false` | `false` |" in page
