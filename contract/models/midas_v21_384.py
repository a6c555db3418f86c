"""MiDaS v2.1 large: convolutions only, sharper than the small one."""

from __future__ import annotations

from contract.models.declaration import Cost, ModelSpec, Weights
from contract.models.input_rule import InputRule

PUBLISHED = Weights(
    name="midas_v21_384",
    weights_id="midas_v21_384",
    filename="midas_v21_384.pt",
    licence="MIT",
    bytes=422_509_849,
    sha256="f6b980704cfd7259c7cc2b058c2f160159c55e84b3b6c08331b4156a84629f70",
    url="https://github.com/isl-org/MiDaS/releases/download/v2_1/midas_v21_384.pt",
)

MODEL = ModelSpec(
    name="midas_v21_384",
    input=InputRule(side_px=384, rule="upper_bound", multiple_px=32),
    cost=Cost(gflop=155.2, parameters=105_362_945, image_s=1.0, memory_bytes=900_000_000),
    warm_up=((288, 384), (256, 384), (384, 288), (384, 384)),  # 4:3, 3:2, 3:4, 1:1
    line={
        "en": "convolutions only: better than the default, at twenty times its cost",
        "zh": "纯卷积：优于默认模型，开销约二十倍",
    },
    weights=(PUBLISHED,),
    network="worker.models.midas_v21_384.network:build_network",
    source="Ranftl et al., arXiv 1907.01341; https://github.com/isl-org/MiDaS",
    aliases=("midas_large",),
    order=40,
)
