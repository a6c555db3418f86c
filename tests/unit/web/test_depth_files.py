"""The page reads the depth files of the service, all 16 bits of them."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from contract.jobs import DepthInfo, ModelInfo
from tests.unit.web.node import HERE, NODE
from worker.outputs.depth import DEPTH_ENCODERS
from worker.outputs.encoding.about import About

pytestmark = pytest.mark.skipif(NODE is None, reason="no node")

MODEL = ModelInfo(name="m", weights_id="w", engine="e", precision="fp32", net_size=(1, 1))


def encoded(name: str, depth: np.ndarray) -> bytes:
    info = DepthInfo(min=float(depth.min()), max=float(depth.max()))
    return DEPTH_ENCODERS[name](depth, About(info, MODEL, depth.shape[1], depth.shape[0]))


def read(path) -> dict | None:
    return json.loads(
        subprocess.check_output([str(NODE), "--no-warnings", HERE / "decode.mjs", path])
    )


@pytest.mark.parametrize("name", ["png16", "npy", "pfm"])
def test_the_page_reads_what_the_service_wrote(name, tmp_path):
    rng = np.random.default_rng(1)
    depth = (rng.random((37, 53)) * 800 - 20).astype(np.float32)
    (tmp_path / "d").write_bytes(encoded(name, depth))
    found = read(tmp_path / "d")
    assert (found["width"], found["height"]) == (53, 37)
    values = found["low"] + np.array(found["codes"]) * (found["high"] - found["low"]) / 65535
    assert np.abs(values.reshape(37, 53) - depth).max() <= (depth.max() - depth.min()) / 65535


def test_a_file_that_the_page_cannot_read_is_none(tmp_path):
    depth = np.ones((3, 4), np.float32)
    (tmp_path / "d").write_bytes(encoded("exr", depth))
    assert read(tmp_path / "d") is None
