"""DPT-Large (MiDaS v3): the most accurate of the five on MiDaS's own table, and the slowest."""

from __future__ import annotations

from contract.models.declaration import Cost, ModelSpec, Weights
from contract.models.input_rule import HALF, InputRule

PUBLISHED = Weights(
    name="dpt_large_384",
    weights_id="dpt_large_384",
    filename="dpt_large_384.pt",
    licence="MIT",
    bytes=1_376_378_527,
    sha256="2f21e586477d90cb9624c7eef5df7891edca49a1c4795ee2cb631fd4daa6ca69",
    url="https://github.com/isl-org/MiDaS/releases/download/v3/dpt_large_384.pt",
)

MODEL = ModelSpec(
    name="dpt_large_384",
    input=InputRule(side_px=384, rule="minimal", multiple_px=32, mean=HALF, std=HALF),
    cost=Cost(gflop=690.0, parameters=344_055_465, image_s=4.7, memory_bytes=3_200_000_000),
    warm_up=((384, 512),),  # 4:3
    line={
        "en": "the most accurate of the MiDaS family here; seconds an image",
        "zh": "这里的 MiDaS 系列中精度最高；每张数秒",
    },
    weights=(PUBLISHED,),
    network="worker.models.dpt_large_384.network:build_network",
    source="Ranftl et al., arXiv 2103.13413; https://github.com/isl-org/MiDaS",
    aliases=("dpt_large",),
    order=60,
)
