"""Every rule chooses the size that the original's transform chooses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract.models.input_rule import HALF, InputRule
from contract.models.midas_small import MODEL

GOLDEN = Path(__file__).parents[3] / "golden"
RULES = {
    "midas_v21_384": InputRule(384, "upper_bound", 32),
    "dpt_hybrid_384": InputRule(384, "minimal", 32, HALF, HALF),
    "dpt_large_384": InputRule(384, "minimal", 32, HALF, HALF),
    "dpt_swin2_tiny_256": InputRule(256, "exact", 32, HALF, HALF),
    "depth_anything_v2_vits": InputRule(518, "lower_bound", 14),
}


def expected(name: str) -> dict[tuple[int, int], tuple[int, int]]:
    sizes = json.loads((GOLDEN / f"models/{name}.net_sizes.json").read_text())
    return {tuple(map(int, size.split("x"))): tuple(net) for size, net in sizes.items()}


@pytest.mark.parametrize("name", RULES)
def test_the_rule_gives_the_original_s_sizes(name: str) -> None:
    sizes = expected(name)
    assert {size: RULES[name].net_size(*size) for size in sizes} == sizes


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("size", [(1, 30_000), (30_000, 1), (7, 7), (20_000, 500), (2_000, 2_100)])
def test_no_image_is_given_more_than_the_most_pixels_or_no_side_at_all(name, size) -> None:
    rule = RULES[name]
    height, width = rule.net_size(*size)
    assert height * width <= rule.most_px
    assert height % rule.multiple_px == width % rule.multiple_px == 0
    assert min(height, width) >= rule.multiple_px


def test_a_long_panorama_is_made_smaller_than_the_original_would() -> None:
    assert RULES["depth_anything_v2_vits"].net_size(100, 10_000) == (56, 5180)


def test_decoding_keeps_a_margin_on_both_sides() -> None:
    assert MODEL.input.decoded_long_side_px(3000, 4000, 3) == 768
    assert RULES["depth_anything_v2_vits"].decoded_long_side_px(3000, 4000, 3) == 3 * 686
    assert RULES["dpt_swin2_tiny_256"].decoded_long_side_px(1000, 4000, 3) == 3 * 256 * 4
