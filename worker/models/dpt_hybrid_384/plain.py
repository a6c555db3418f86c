"""Turns DPT-Hybrid's ResNet into plain convolutions, once its weights are loaded.

Its convolutions normalise their weights at every call (Qiao et al., "Micro-Batch Training with
Batch-Channel Normalization and Weight Standardization", arXiv 1903.10520) and compute their padding
from the image's size. The weights do not change any more, and sides are multiples of 32, so both
are constants: an exported graph has them as such, and runtimes fuse what they could not.
"""

from __future__ import annotations

import torch
from timm.layers import StdConv2dSame
from timm.layers.pool2d_same import MaxPool2dSame
from torch import nn
from torch.nn import functional


def make_plain(network: nn.Module) -> None:
    """Replace in `network` what normalises weights or computes its padding, in place.

    Exact where every side that is halved is even.
    """
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, StdConv2dSame):
                setattr(parent, name, _plain_convolution(child))
            elif isinstance(child, MaxPool2dSame):
                # "same" pads an even side below and at the right, as rounding up does
                pool = nn.MaxPool2d(child.kernel_size, child.stride, ceil_mode=True)
                setattr(parent, name, pool)


def _plain_convolution(conv: StdConv2dSame) -> nn.Module:
    plain = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,
        conv.stride,
        padding=0 if conv.same_pad else conv.padding,
        bias=conv.bias is not None,
        device="meta",
    )
    plain.weight = nn.Parameter(_standardised(conv), requires_grad=False)
    if conv.bias is not None:
        plain.bias = conv.bias
    total = conv.kernel_size[0] - conv.stride[0] if conv.same_pad else 0
    if total <= 0:
        return plain
    before = total // 2
    after = total - before
    return nn.Sequential(nn.ZeroPad2d((before, after, before, after)), plain)


def _standardised(conv: StdConv2dSame) -> torch.Tensor:
    """Return the weights as the convolution itself normalises them: per output channel."""
    rows = conv.weight.reshape(1, conv.out_channels, -1)
    normalised = functional.batch_norm(rows, None, None, training=True, momentum=0.0, eps=conv.eps)
    return normalised.reshape_as(conv.weight)
