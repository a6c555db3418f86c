"""MiDaS v2.1 small: the default. Fast, soft at edges."""

from __future__ import annotations

from contract.models.declaration import Cost, ModelSpec, Weights
from contract.models.input_rule import InputRule

PUBLISHED = Weights(
    name="midas_small",
    weights_id="midas_v21_small_256",
    filename="midas_v21_small_256.pt",
    bytes=85_761_505,
    sha256="70d6b9c891758c67f974a6097fb0c608c7ee67fb81ac3e5588847d5596d56fca",
    licence="MIT",
    url="https://github.com/isl-org/MiDaS/releases/download/v2_1/midas_v21_small_256.pt",
    note="recommended",
)

BUNDLED = Weights(
    name="bundled",
    weights_id="bundled-2",
    filename="midas_small_bundled-2.onnx",
    bytes=33_743_855,
    sha256="51974ab50fc866f10008d8e400b8ca3f5f6528a39dbffcb190a13c96aa1d9a3d",
    licence="demonstration only: trained partly on research-use data sets (docs/model-card.md)",
    note="used until midas_small has been fetched",
)

MODEL = ModelSpec(
    name="midas_small",
    input=InputRule(side_px=256, rule="upper_bound", multiple_px=32),
    cost=Cost(gflop=6.7, parameters=21_320_545, image_s=0.03, memory_bytes=250_000_000),
    warm_up=((192, 256),),  # 4:3; docs/decisions/0139
    line={
        "en": "the default: tens of images a second on two cores",
        "zh": "默认模型：双核每秒几十张",
    },
    weights=(PUBLISHED, BUNDLED),
    network="worker.models.midas_small.network:build_network",
    graph="worker.models.midas_small.onnx_graph:build_onnx",
    source="Ranftl et al., arXiv 1907.01341; https://github.com/isl-org/MiDaS",
    order=0,
)
