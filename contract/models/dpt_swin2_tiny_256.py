"""DPT-Swin2-Tiny (MiDaS v3.1): nearly DPT-Hybrid's quality at 256x256."""

from __future__ import annotations

from contract.models.declaration import Cost, ModelSpec, Weights
from contract.models.input_rule import HALF, InputRule

PUBLISHED = Weights(
    name="dpt_swin2_tiny_256",
    weights_id="dpt_swin2_tiny_256",
    filename="dpt_swin2_tiny_256.pt",
    licence="MIT",
    url="https://github.com/isl-org/MiDaS/releases/download/v3_1/dpt_swin2_tiny_256.pt",
)

MODEL = ModelSpec(
    name="dpt_swin2_tiny_256",
    input=InputRule(side_px=256, rule="exact", multiple_px=32, mean=HALF, std=HALF),
    cost=Cost(gflop=57.4, parameters=41_701_331, image_s=0.4, memory_bytes=600_000_000),
    warm_up=((256, 256),),
    line={
        "en": "nearly DPT-Hybrid's quality at 256x256: the bargain on a CPU",
        "zh": "256x256 输入，质量接近 DPT-Hybrid：CPU 上最划算",
    },
    weights=(PUBLISHED,),
    network="worker.models.dpt_swin2_tiny_256.network:build_network",
    source="Birkl et al., arXiv 2307.14460; https://github.com/isl-org/MiDaS",
    aliases=("dpt_swin2_tiny",),
    order=20,
)
