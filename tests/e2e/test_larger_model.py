"""A larger model with seeded weights, served over HTTP beside the default one by one process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from contract.settings import Settings
from depthq import DepthClient, read_depth
from tests.golden.models.cases import state_dict
from tests.photographs import crops
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer
from tests.waits import PATIENT_S
from worker.engines.factory import build_engine
from worker.imaging.decoder import Decoder
from worker.weights.resolve import resolve

NAME = "dpt_swin2_tiny_256"
WAIT_S = 120


@pytest.fixture
def settings(valkey: ValkeyServer, tmp_path: Path) -> Settings:
    checkpoint = tmp_path / "seeded.safetensors"
    save_file({name: np.ascontiguousarray(a) for name, a in state_dict(NAME).items()}, checkpoint)
    return Settings(
        redis_url=valkey.url,
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        precision="fp32",
        models=("midas_small", NAME),
        weights=f"midas_small=bundled,{NAME}={checkpoint}",
    )


@pytest.mark.slow
@pytest.mark.timeout(900)  # the network is converted and compiled, in three processes
def test_its_jobs_have_its_depth_and_the_others_theirs(settings: Settings, tmp_path: Path) -> None:
    # Given what each model's engine says of a picture
    picture = next(iter(crops(1)))
    expected = {name: depth_of(picture, settings, name) for name in settings.models}
    api, worker = ApiProcess(settings, tmp_path / "api"), WorkerProcess(settings, tmp_path / "work")
    try:
        api.start()
        worker.start()
        with DepthClient(api.url) as client:
            # When the picture is submitted for both models, in turns
            names = [*settings.models] * 3
            options = {"outputs": ["depth"], "depth_format": "npy", "size": "model"}
            jobs = [client.submit(picture, model=name, **options) for name in names]
            ended = [client.wait(job.id, WAIT_S) for job in jobs]
            # Then each has the depth of its model, which the documents name with its weights
            for name, job in zip(names, ended, strict=True):
                files = client.download(job, tmp_path / "results")
                found = read_depth(files["depth"]).values
                spread = np.ptp(expected[name])
                np.testing.assert_allclose(found, expected[name], atol=1e-3 * spread)
                assert job.document["model"]["name"] == name
                assert job.document["model"]["net_size"] == list(expected[name].shape)
            served = {m["name"]: m for m in client.models()["models"]}
            assert served[NAME]["memory_bytes"] > 100_000_000
            assert served[NAME]["weights_id"].startswith("file-")
    finally:
        worker.stop()
        api.stop()


def depth_of(picture: bytes, settings: Settings, name: str) -> np.ndarray:
    artefact = resolve(settings, name)
    engine = build_engine(settings, artefact, max_batch=1)
    engine.load()
    decoder = Decoder(
        processes=1, memory_bytes=2**30, timeout_s=PATIENT_S, max_pixels=10**8, max_side_px=4096
    )
    try:
        tensor = decoder.decode(picture, rule=artefact.spec.input).tensor
    finally:
        decoder.stop()
    return engine.infer(tensor[None])[0]
