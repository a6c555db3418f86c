"""A larger model served over HTTP: the originals' numbers come out, beside the default at work."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contract.models.registry import MODELS
from contract.settings import Settings
from depthq import DepthClient, read_depth
from tests.golden.models.cases import golden, state_dict
from tests.golden.seeded_weights import image
from tests.photographs import crops
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer

CASE = "480x640_1"
WAIT_S = 600  # seconds an image on idle cores, minutes where others compute too


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["dpt_swin2_tiny_256", "dpt_large_384"])
def test_a_larger_model_is_served_beside_the_default(
    name: str, valkey: ValkeyServer, tmp_path: Path
) -> None:
    settings = Settings(
        redis_url=valkey.url,
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        models=("midas_small", name),
        weights=f"{name}={seeded(name, tmp_path)}",
    )
    api, worker = ApiProcess(settings, tmp_path / "api"), WorkerProcess(settings, tmp_path / "w")
    worker.ready_s = WAIT_S  # it loads and warms the larger model first
    try:
        api.start()
        worker.start()
        with DepthClient(api.url) as client, ThreadPoolExecutor(4) as pool:
            # Given a job by the larger model among many by the default one
            large = client.submit(picture(), model=name, depth_format="npy", outputs=["depth"])
            jobs = list(pool.map(client.submit, crops(12)))
            small = list(pool.map(lambda job: client.wait(job.id, WAIT_S), jobs))
            ended = client.wait(large.id, WAIT_S)
            # Then all end well, each by its model
            assert {job.document["model"]["name"] for job in small} == {"midas_small"}
            assert ended.document["model"]["name"] == name, ended.document
            depth = read_depth(client.download(ended, tmp_path / "out")["depth"]).values
        # And the depth is the original's
        assert golden(name, CASE).full_deviation(depth) < 1e-3
    finally:
        worker.stop()
        api.stop()


def seeded(name: str, folder: Path) -> Path:
    """Return the seeded weights of `name` as a network, converted as a download is.

    Converting takes minutes: SEEDED_NETWORKS names a folder where it was done before.
    """
    if (done := os.environ.get("SEEDED_NETWORKS")) is not None:
        return Path(done) / f"{name}.onnx"
    from safetensors.numpy import save_file

    from worker.weights.convert import convert

    checkpoint = folder / f"{name}.safetensors"
    save_file(state_dict(name), checkpoint)
    return convert(checkpoint, folder / f"{name}.onnx", MODELS[name], weights_id="seeded")


def picture() -> bytes:
    """Return the golden case's image as a PNG, which loses nothing."""
    size, seed = CASE.split("_")
    rgb = image(*map(int, size.split("x")), int(seed))
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(file, "PNG")
    return file.getvalue()
