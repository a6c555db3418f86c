"""The page offers what the contract knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from contract.options import JobOptions, Size
from contract.outputs.depth import DepthFormat
from contract.outputs.heatmap import Colormap, HeatmapFormat
from contract.outputs.refine import Refine

WEB = Path(__file__).parents[3] / "api" / "web"
PAGE = (WEB / "index.html").read_text()
CHOICES = {
    "refine": set(get_args(Refine)),
    "invert": {"false", "true"},
    "size": set(get_args(Size)),
    "heatmap_format": set(get_args(HeatmapFormat)),
    "depth_format": set(get_args(DepthFormat)),
}
# what the page chooses, other than the API, for those who look at pictures
FIRST = {"refine": "guided"}


def test_every_colormap_is_on_the_page():
    listed = re.search(
        r"COLORMAPS = \[(.*?)\];", (WEB / "viewers" / "colormaps.js").read_text(), re.DOTALL
    )
    assert listed
    names = re.findall(r'"(\w+)"', listed[1])
    assert sorted(names) == sorted(get_args(Colormap))
    assert names[0] == JobOptions().colormap, "the first is chosen unless another is"


@pytest.mark.parametrize("name", CHOICES)
def test_every_value_of_an_option_is_on_the_page_and_none_else(name):
    select = re.search(rf'<select name="{name}">(.*?)</select>', PAGE, re.DOTALL)
    assert select
    values = re.findall(r'value="(\w+)"', select[1])
    assert set(values) == CHOICES[name]
    default = FIRST.get(name, getattr(JobOptions(), name))
    assert values[0] == (str(default).lower() if isinstance(default, bool) else default)


@pytest.mark.parametrize("script", sorted(WEB.rglob("*.js")), ids=lambda path: path.name)
def test_every_script_that_a_script_imports_is_there(script):
    for name in re.findall(r'from "([^"]+)"', script.read_text()):
        assert (script.parent / name).is_file()
