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
    cost=Cost(gflop=0, parameters=24_785_089, image_s=0, memory_bytes=0),
    warm_up=((518, 686),),  # 4:3
    line={
        "en": "",
        "zh": "",
    },
    weights=(PUBLISHED,),
    network="worker.models.depth_anything_v2_vits.network:build_network",
    source="Yang et al., arXiv 2406.09414; https://github.com/DepthAnything/Depth-Anything-V2",
    aliases=("depth_anything_v2_small",),
    order=30,
)
