"""Descriptions are right, honest, short and in order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from contract.jobs import ModelInfo
from contract.options import JobOptions
from contract.outputs.description import ALT_CHARACTERS
from tests.golden.described import described as photographs
from tests.quality.scenes import SCENES
from worker.outputs.render import RenderedFile, render
from worker.outputs.view import View

MODEL = ModelInfo(name="m", weights_id="w", engine="simulated", precision="fp32", net_size=(48, 64))
HEDGES = {
    "en": r"\b(estimat\w+|about|approximately|roughly|perhaps|maybe|might|may|probably|likely|"
    r"seems?|appears?|possibly)\b",
    "zh": "估计|大概|大约|也许|可能|似乎|好像|左右方",
}
# lengths, promises, guesses at what things are
FORBIDDEN = re.compile(
    r"\b(met(er|re)s?|feet|foot|inch(es)?|cm|m|clear|safe|free|walk|obstacle|person|car|dog)\b"
    "|米|公尺|厘米|畅通|安全|可以走|障碍",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Expected:
    """What a person sees in the picture, written by hand.

    The thresholds were set on these same pictures, and their descriptions were known when this was
    written: it holds what was reached, and measures nothing on pictures never seen.
    """

    things: range
    nearest: tuple[str, str] | None = None  # column, row of the nearest
    has: tuple[tuple[str, str], ...] = ()  # column, size of things among them
    ground: bool | None = None
    near: tuple[str, ...] = ()
    farthest: tuple[str, ...] = ()  # at least
    edge: str | None = None


EXPECTED = {
    # her helmet on the table, before her, at the lower right
    "astronaut": Expected(
        range(2, 3), ("right", "lower"), (("middle", "large"),), None, (), ("left", "right")
    ),
    "cat": Expected(range(1, 2), ("middle", "full"), (("middle", "huge"),), None, (), ("right",)),
    # cup, saucer and spoon on a table seen from above
    "coffee": Expected(range(1, 4), None, (("middle", "huge"),), True),
    # the foot of a lattice tower on the right, a rocket upright far away in the middle
    "rocket": Expected(
        range(2, 4), ("right", "lower"), (("middle", "small"),), None, (), ("middle",)
    ),
    "motorcycle": Expected(range(1, 4), None, (("middle", "large"),), True),
    "photographer": Expected(
        range(1, 3), ("left", "full"), (("left", "large"),), True, (), ("right",)
    ),
    "bricks": Expected(range(1), edge="bottom"),  # a paved slope from edge to edge
    # a pagoda on the left, trees on the right and along the bottom, nearer; a lake far in between
    "china": Expected(
        range(2, 5), ("left", "lower"), (("left", "large"), ("right", "medium")), None, (),
        ("middle",),
    ),
    "flower": Expected(
        range(1, 3), ("middle", "full"), (("middle", "large"),), None, (), ("left", "right")
    ),
    "corridor": Expected(range(1), None, (), True, ("left", "right"), ("middle",)),
    "street": Expected(range(1), None, (), True, (), ("middle",)),
    "ball": Expected(range(1, 2), ("middle", "middle"), (("middle", "small"),), True),
}  # fmt: skip
GOLDEN = {
    ("flower", "en", "alt"): "One thing stands out: large, in the middle, from top to bottom. "
    "Estimated depth.",
    ("flower", "zh", "short"): "有一处突出。它较大，在中间，上下贯通。它周围的距离是它的四倍。"
    "最远的部分在左侧和右侧。以上由单张图片估计，远近只是相对的。",
    ("rocket", "en", "short"): "Three things stand out. The main one is medium-sized, on the lower "
    "right, the nearest. What surrounds it is twice as far away. Others, from left to right: "
    "medium-sized, on the lower left, one and a half times as far as the nearest; small, in the "
    "middle, twice as far as the nearest. The farthest parts span the whole width. Estimated from "
    "one picture; distances are relative.",
    ("ball", "zh", "long"): "有一处突出。它较小，在正中，十二点方向，占画面的百分之二。"
    "它周围的距离是它的一点五倍。一片像地面的平面从下边缘向远处延伸，达画面高度的百分之七十。"
    "最远的部分横贯画面上方。钟点方位：十点是画面左边缘，十二点是中间，两点是右边缘。"
    "以上由单张图片估计，远近只是相对的。",
    ("corridor", "en", "alt"): "Nothing stands out. Near surfaces on the left and right. The "
    "farthest parts are in the middle. Estimated depth.",
}


@cache
def depths() -> dict[str, Any]:
    scenes = {name: (1 / make().depth).astype(np.float32) for name, make in SCENES.items()}
    return photographs() | scenes


def file_of(depth: Any, **options: Any) -> RenderedFile:
    chosen = JobOptions.model_validate({"outputs": ["description"], **options})
    (file,) = render(View(depth, chosen, 640, 480, MODEL)).files
    return file


def text_of(name: str, language: str = "en", detail: str = "short") -> str:
    return file_of(depths()[name], language=language, detail=detail).data.decode()


@cache
def facts_of(name: str, language: str = "en") -> dict[str, Any]:
    """Return all that is said of a picture, its texts of every length among it."""
    return json.loads(file_of(depths()[name], detail="json", language=language).data)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_description_says_what_a_person_sees(name: str) -> None:
    wanted, facts = EXPECTED[name], facts_of(name)
    things = facts["things"]
    assert len(things) in wanted.things
    if wanted.nearest:
        nearest = min(things, key=lambda thing: thing["distance_to_nearest"])
        assert (nearest["column"], nearest["row"]) == wanted.nearest
    assert set(wanted.has) <= {(thing["column"], thing["size"]) for thing in things}
    if wanted.ground is not None:
        assert bool(facts["ground"]) == wanted.ground
    assert set(wanted.near) <= set(facts["near_sides"])
    assert set(wanted.farthest) <= set(facts["farthest"])
    assert facts["nearest_edge"] == wanted.edge


@pytest.mark.parametrize("name", EXPECTED)
def test_a_mirrored_picture_has_the_mirrored_description(name: str) -> None:
    other = {"left": "right", "right": "left"}
    turned = file_of(np.ascontiguousarray(depths()[name][:, ::-1]), detail="json").data
    here, there = facts_of(name)["things"], json.loads(turned)["things"]
    assert [(t["column"], t["row"], t["size"]) for t in here] == [
        (other.get(t["column"], t["column"]), t["row"], t["size"]) for t in there
    ]


@pytest.mark.parametrize("detail", ["alt", "short", "long"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", EXPECTED)
def test_each_text_hedges_once_and_promises_nothing(name: str, language: str, detail: str) -> None:
    text = facts_of(name, language)[detail]
    assert len(re.findall(HEDGES[language], text, re.IGNORECASE)) == 1, text
    assert FORBIDDEN.search(text) is None, text
    if detail == "alt":
        assert len(text) <= ALT_CHARACTERS
    elif language == "en":
        assert text.count("relative") == 1


@pytest.mark.parametrize("key", GOLDEN, ids=" ".join)
def test_the_words_are_these(key: tuple[str, str, str]) -> None:
    assert text_of(*key) == GOLDEN[key].replace("。 ", "。")


def test_the_weightiest_comes_first_and_the_rest_in_one_sweep() -> None:
    depth = np.zeros((72, 96), np.float32)
    for x, nearness in ((10, 0.5), (30, 0.7), (80, 0.6)):
        depth[30:38, x - 4 : x + 4] = nearness
    depth[20:44, 40:56] = 1
    text = file_of(depth, detail="long").data.decode()
    assert text.startswith("Four things stand out. The main one is medium-sized, in the middle")
    assert re.findall(r"at (\d+) o'clock", text) == ["12", "10", "11", "2"]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_alt_fits_whatever_there_is(seed: int, language: str) -> None:
    random = np.random.default_rng(seed)
    depth = np.zeros((72, 96), np.float32)
    for _ in range(seed):
        y, x = random.integers(0, 60), random.integers(0, 80)
        depth[y : y + 12, x : x + 16] = random.uniform(0.3, 1)
    text = file_of(depth, detail="alt", language=language).data.decode()
    assert len(text) <= ALT_CHARACTERS
    assert text.endswith(("Estimated depth.", "深度为估计。"))


def test_no_differences_of_depth_are_said() -> None:
    flat = np.full((48, 64), 7, np.float32)
    assert file_of(flat, detail="alt").data.decode() == (
        "There are no differences of depth. Estimated depth."
    )


def test_the_files_are_text_and_json_without_a_size() -> None:
    depth = depths()["flower"]
    text, facts = file_of(depth), file_of(depth, detail="json", language="zh")
    assert (text.extension, text.media_type) == ("txt", "text/plain; charset=utf-8")
    assert (facts.extension, facts.media_type) == ("json", "application/json")
    assert (text.width, text.height) == (None, None)
    assert json.loads(facts.data)["short"] == text_of("flower", "zh")


def test_options_that_are_unknown_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="language"):
        JobOptions.model_validate({"language": "fr"})
    with pytest.raises(ValueError, match="detail"):
        JobOptions.model_validate({"detail": "longer"})
