"""Toy networks as ONNX files: what they compute follows from the picture alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

SIGNS = {"inverse": 1.0, "depth": -1.0}


def toy(
    path: Path, kind: str = "inverse", *, size: tuple = ("n", 3, "h", "w"), name: str = "pixels"
) -> Path:
    """Write a network to `path` and return it.

    `inverse`: nearness grows downwards, whatever the picture shows; `depth`: distance upwards.
    `constant` and `nan` compute just that; `flat` leaves out the network's rows and columns.
    """
    gain = {"constant": 0.0, "nan": np.nan}.get(kind, SIGNS.get(kind, 1.0))
    nodes = [
        helper.make_node("ReduceMean", [name], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "gain"], ["ones"]),
        helper.make_node("CumSum", ["ones", "rows"], ["slope"]),
        helper.make_node("Add", ["slope", "offset"], ["answer"]),
    ]
    if kind == "constant":
        nodes = [*nodes[:3], helper.make_node("Add", ["ones", "offset"], ["answer"])]
    if kind == "flat":
        nodes.append(helper.make_node("ReduceMean", ["answer"], ["out"], axes=[2, 3], keepdims=1))
    else:
        nodes.append(helper.make_node("Identity", ["answer"], ["out"]))
    constants = {
        "zero": np.zeros((1, 1, 1, 1), np.float32),
        "gain": np.full((1, 1, 1, 1), gain, np.float32),
        "rows": np.array(2, np.int64),
        "offset": np.full((1, 1, 1, 1), 1.0 if kind != "depth" else 3000.0, np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(size))],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(model, str(path))
    return path
