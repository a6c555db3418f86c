"""Depth Anything V2, small: fine edges, at many times the pixels."""

from __future__ import annotations

from contract.models.declaration import Cost, ModelSpec, Weights
from contract.models.input_rule import InputRule

PUBLISHED = Weights(
    name="depth_anything_v2_vits",
    weights_id="depth_anything_v2_vits",
    filename="depth_anything_v2_vits.pth",
    licence="Apache-2.0",
    bytes=99_218_434,
    sha256="715fade13be8f229f8a70cc02066f656f2423a59effd0579197bbf57860e1378",
    url="https://huggingface.co/depth-anything/Depth-Anything-V2-Small/resolve/main/"
    "depth_anything_v2_vits.pth",
)

MODEL = ModelSpec(
    name="depth_anything_v2_vits",
    input=InputRule(side_px=518, rule="lower_bound", multiple_px=14),
    cost=Cost(gflop=166.6, parameters=24_785_089, image_s=1.2, memory_bytes=600_000_000),
    warm_up=((518, 686),),  # 4:3
    line={
        "en": "sharp edges and thin things; about a second an image on two cores",
        "zh": "边缘与细物最清晰；双核约一秒一张",
    },
    weights=(PUBLISHED,),
    network="worker.models.depth_anything_v2_vits.network:build_network",
    source="Yang et al., arXiv 2406.09414; https://github.com/DepthAnything/Depth-Anything-V2",
    aliases=("depth_anything_v2_small",),
    order=30,
)
