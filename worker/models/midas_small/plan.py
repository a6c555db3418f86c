"""The constants of MiDaS_small, for both of its forms (torch and ONNX), and its tensors' names.

Source: Ranftl et al., "Towards Robust Monocular Depth Estimation" (arXiv 1907.01341), model v2.1
small; the encoder is EfficientNet-Lite3 (Tan & Le, arXiv 1905.11946; no squeeze-and-excite, ReLU6).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

NAME = "midas_small"


@dataclass(frozen=True)
class Stage:
    """A row of encoder blocks of one kind; only its first block may halve the resolution.

    `prefix` is where its blocks' tensors live in the checkpoint, `expands` tells whether a block
    opens with a 1x1 convolution to more channels (an inverted residual).
    """

    prefix: str
    blocks: int
    stride: int
    expands: bool = True


@dataclass(frozen=True)
class Plan:
    """What a builder of the network must know beyond the shapes of its tensors."""

    encoder: str
    batch_norm_eps: float
    # One entry per resolution that the decoder taps: 1/4, 1/8, 1/16, 1/32 of the input.
    levels: tuple[tuple[Stage, ...], ...]
    level_channels: tuple[int, ...]
    decoder_channels: tuple[int, ...]
    head_channels: int
    multiple_px: int  # sides of the input must be multiples of this


MIDAS_SMALL = Plan(
    encoder="tf_efficientnet_lite3",
    batch_norm_eps=1e-3,
    levels=(
        (
            Stage("pretrained.layer1.3", blocks=1, stride=1, expands=False),
            Stage("pretrained.layer1.4", blocks=3, stride=2),
        ),
        (Stage("pretrained.layer2.0", blocks=3, stride=2),),
        (
            Stage("pretrained.layer3.0", blocks=5, stride=2),
            Stage("pretrained.layer3.1", blocks=5, stride=1),
        ),
        (
            Stage("pretrained.layer4.0", blocks=6, stride=2),
            Stage("pretrained.layer4.1", blocks=1, stride=1),
        ),
    ),
    level_channels=(32, 48, 136, 384),
    decoder_channels=(64, 128, 256, 512),
    head_channels=32,
    multiple_px=32,
)


def tensor_shapes() -> dict[str, tuple[int, ...]]:
    """Return name → shape of every tensor (482) of the published checkpoint, in its order."""
    text = (
        files("worker.models.midas_small")
        .joinpath(f"{NAME}.tensors.json")
        .read_text(encoding="utf-8")
    )
    return {name: tuple(shape) for name, shape in json.loads(text).items()}


def is_counter(name: str) -> bool:
    """Tell whether `name` is a batch norm's training counter, which inference never reads."""
    return name.endswith(".num_batches_tracked")


def is_unused(name: str) -> bool:
    """Tell whether `name` is in the checkpoint though the forward pass never reads it.

    The coarsest fusion block has nothing to fuse, so its first residual unit idles.
    """
    return name.startswith("scratch.refinenet4.resConfUnit1.")
