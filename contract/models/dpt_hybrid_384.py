"""DPT-Hybrid (MiDaS v3): a ResNet and a transformer, near the best of the family."""

from __future__ import annotations

from contract.models.declaration import Cost, ModelSpec, Weights
from contract.models.input_rule import HALF, InputRule

PUBLISHED = Weights(
    name="dpt_hybrid_384",
    weights_id="dpt_hybrid_384",
    filename="dpt_hybrid_384.pt",
    licence="MIT",
    bytes=492_757_791,
    sha256="501f0c75b3bca7daec6b3682c5054c09b366765aef6fa3a09d03a5cb4b230853",
    url="https://github.com/isl-org/MiDaS/releases/download/v3/dpt_hybrid_384.pt",
)

MODEL = ModelSpec(
    name="dpt_hybrid_384",
    input=InputRule(side_px=384, rule="minimal", multiple_px=32, mean=HALF, std=HALF),
    cost=Cost(gflop=337.5, parameters=123_146_985, image_s=2.6, memory_bytes=1_400_000_000),
    warm_up=((384, 512),),  # 4:3
    line={
        "en": "near DPT-Large's quality at half its cost",
        "zh": "质量接近 DPT-Large，开销减半",
    },
    weights=(PUBLISHED,),
    network="worker.models.dpt_hybrid_384.network:build_network",
    source="Ranftl et al., arXiv 2103.13413; https://github.com/isl-org/MiDaS",
    aliases=("dpt_hybrid",),
    order=50,
)
