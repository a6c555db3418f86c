"""MiDaS_small as an ONNX graph, built from its tensors alone, without torch.

Initializers carry the checkpoint's names and batch norms stay nodes, so the file is both what the
fast engines run and a store of weights that can be read back name by name. Engines fold the norms
when they load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from worker.models.midas_small.plan import MIDAS_SMALL, NAME, Plan, Stage, is_counter, is_unused

INPUT, OUTPUT = "image", "depth"
OPSET, IR_VERSION = 17, 8  # the oldest that has all we use; both runtimes read them

Tensors = Mapping[str, NDArray[Any]]


class GraphWriter:
    """Collects the nodes and initializers of one graph; every method returns its output's name."""

    def __init__(self, tensors: Tensors, *, half: bool) -> None:
        self.tensors = tensors
        self.half = half
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, TensorProto] = {}

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add one node whose output is called as the node is."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add an initializer that is no weight (scales, axes, bounds), once."""
        self.initializers.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def weight(self, name: str) -> str:
        """Add the checkpoint's tensor `name`; kernels may rest as fp16; all compute in fp32.

        Vectors are never halved: they are small, and tiny running variances would lose digits.
        """
        array = self.tensors[name]
        if not (self.half and array.ndim > 1):
            return self.constant(name, array.astype(np.float32))
        self.constant(name, array.astype(np.float16))
        return self.node("Cast", [name], f"{name}:fp32", to=TensorProto.FLOAT)

    def conv(self, x: str, name: str, *, stride: int = 1, depthwise: bool = False) -> str:
        """Add the convolution `name` (with its bias if the checkpoint has one), "same" padding."""
        kernel = self.tensors[f"{name}.weight"].shape
        side = kernel[-1]
        # TensorFlow's rule for even inputs: the odd pixel of padding goes below and to the right.
        before = (side - stride) // 2
        after = side - stride - before
        weights = [self.weight(f"{name}.weight")]
        if f"{name}.bias" in self.tensors:
            weights.append(self.weight(f"{name}.bias"))
        return self.node(
            "Conv", [x, *weights], f"{name}:out",
            kernel_shape=[side, side], strides=[stride, stride],
            pads=[before, before, after, after], group=kernel[0] if depthwise else 1,
        )  # fmt: skip

    def norm(self, x: str, name: str, eps: float) -> str:
        """Add the batch norm `name`, in inference form."""
        parts = [
            self.weight(f"{name}.{p}") for p in ("weight", "bias", "running_mean", "running_var")
        ]
        return self.node("BatchNormalization", [x, *parts], f"{name}:out", epsilon=eps)

    def relu(self, x: str) -> str:
        """Add a ReLU on `x`."""
        return self.node("Relu", [x], f"{x}:relu")

    def relu6(self, x: str) -> str:
        """Add a ReLU on `x` that saturates at 6."""
        bounds = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]  # type: ignore[arg-type]
        return self.node("Clip", [x, *bounds], f"{x}:relu6")

    def double(self, x: str, coordinates: str) -> str:
        """Add a bilinear up-sampling of both sides by two; `coordinates` is ONNX Resize's mode."""
        scales = self.constant("twice", np.array([1, 1, 2, 2], np.float32))
        return self.node(
            "Resize", [x, "", scales], f"{x}:x2",
            mode="linear", coordinate_transformation_mode=coordinates,
        )  # fmt: skip


def _block(g: GraphWriter, x: str, name: str, *, stride: int, expands: bool, eps: float) -> str:
    """Add an encoder block: [1x1 up,] depthwise, 1x1 down, with norms; shortcut if it fits."""
    inner = x
    layers = (["conv_pw"] if expands else []) + ["conv_dw", "conv_pwl" if expands else "conv_pw"]
    for index, layer in enumerate(layers, start=1):
        wide = layer == "conv_dw"
        inner = g.conv(inner, f"{name}.{layer}", stride=stride if wide else 1, depthwise=wide)
        inner = g.norm(inner, f"{name}.bn{index}", eps)
        if index < len(layers):  # the last 1x1 is linear
            inner = g.relu6(inner)
    shapes = [g.tensors[f"{name}.{layer}.weight"].shape for layer in (layers[0], layers[-1])]
    inputs = shapes[0][1] if expands else shapes[0][0]
    if stride == 1 and inputs == shapes[1][0]:
        return g.node("Add", [inner, x], f"{name}:out")
    return inner


def _stage(g: GraphWriter, x: str, stage: Stage, eps: float) -> str:
    for index in range(stage.blocks):
        stride = stage.stride if index == 0 else 1
        name = f"{stage.prefix}.{index}"
        x = _block(g, x, name, stride=stride, expands=stage.expands, eps=eps)
    return x


def _encoder(g: GraphWriter, plan: Plan) -> list[str]:
    """Add the encoder; return its feature maps at 1/4, 1/8, 1/16, 1/32 of the input."""
    x = g.conv(INPUT, "pretrained.layer1.0", stride=2)
    x = g.relu6(g.norm(x, "pretrained.layer1.1", plan.batch_norm_eps))
    features = []
    for stages in plan.levels:
        for stage in stages:
            x = _stage(g, x, stage, plan.batch_norm_eps)
        features.append(x)
    return features


def _residual_unit(g: GraphWriter, x: str, name: str) -> str:
    inner = g.conv(g.relu(x), f"{name}.conv1")
    inner = g.conv(g.node("Relu", [inner], f"{name}:relu"), f"{name}.conv2")
    return g.node("Add", [inner, x], f"{name}:out")


def _fusion(g: GraphWriter, name: str, skip: str, coarse: str | None) -> str:
    """Add a fusion block: skip [+ coarse], refined, projected, doubled.

    The original doubles first and projects then. Both are linear and the weights of a bilinear mean
    sum to one, so they commute; this way the projection sees a quarter of the pixels.
    """
    x = skip
    if coarse is not None:
        x = g.node("Add", [_residual_unit(g, skip, f"{name}.resConfUnit1"), coarse], f"{name}:sum")
    x = _residual_unit(g, x, f"{name}.resConfUnit2")
    return g.double(g.conv(x, f"{name}.out_conv"), "align_corners")


def _decoder(g: GraphWriter, features: list[str]) -> str:
    """Add the decoder on the four feature maps; return the depth's name, (B, 1, H, W)."""
    path: str | None = None
    for level in (4, 3, 2, 1):
        skip = g.conv(features[level - 1], f"scratch.layer{level}_rn")
        path = _fusion(g, f"scratch.refinenet{level}", skip, path)
    x = g.double(g.conv(str(path), "scratch.output_conv.0"), "half_pixel")
    x = g.relu(g.conv(x, "scratch.output_conv.2"))
    return g.relu(g.conv(x, "scratch.output_conv.4"))


def build_onnx(
    tensors: Tensors, *, half: bool, metadata: Mapping[str, str], plan: Plan = MIDAS_SMALL
) -> ModelProto:
    """Return the network as ONNX: `image` float32 (B, 3, H, W) → `depth` float32 (B, H, W).

    `tensors` are the checkpoint's, by name (counters and unused ones are dropped).
    `half` stores kernels as fp16. H and W must be multiples of 32.
    """
    used = {n: t for n, t in tensors.items() if not (is_counter(n) or is_unused(n))}
    g = GraphWriter(used, half=half)
    x = _decoder(g, _encoder(g, plan))
    g.node("Squeeze", [x, g.constant("channel_axis", np.array([1], np.int64))], OUTPUT)
    graph = helper.make_graph(
        g.nodes, NAME,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", "height", "width"])],
        list(g.initializers.values()),
    )  # fmt: skip
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(
        graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="depthq"
    )
    helper.set_model_props(model, dict(metadata))
    return model
