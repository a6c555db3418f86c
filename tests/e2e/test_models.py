"""Two models beside each other: every job is computed by the one it asked for, whatever dies."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from contract.models.own import own_folder
from contract.settings import Settings
from depthq import DepthClient
from tests.films import drifting, film
from tests.photographs import crops
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer
from tests.waits import PATIENT_S

CLIP = film(drifting(5))
COUNT = 24
# Another rule than the default model's: the size of the network's input tells which one ran.
SLOW = 'input = 64\nmultiple = 32\nrule = "exact"\nimage_s = 0.1\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def settings(valkey_session: ValkeyServer, place: Path) -> Settings:
    valkey_session.resume()
    with valkey_session.client() as redis:
        redis.flushall()
    folder = own_folder(place / "cache")
    folder.mkdir(parents=True)
    (folder / "slow_one.toml").write_text(SLOW)
    return Settings(
        redis_url=valkey_session.url,
        data_dir=place / "data",
        cache_dir=place / "cache",
        engine="simulated",
        simulation=True,
        reconcile_interval_s=1.0,
    )


def worker(settings: Settings, folder: Path, *models: str, lane="interactive") -> WorkerProcess:
    chosen = Settings(**{**settings.model_dump(exclude_unset=True), "models": models})
    return WorkerProcess(chosen, folder, lane)


@pytest.fixture(scope="module")
def service(settings: Settings, place: Path) -> Iterator[dict[str, WorkerProcess | ApiProcess]]:
    """An API, a worker for each model, and one that holds both."""
    programs = {
        "api": ApiProcess(settings, place / "api"),
        "fast": worker(settings, place / "fast", "midas_small"),
        "slow": worker(settings, place / "slow", "slow_one"),
        "both": worker(settings, place / "both", "midas_small", "slow_one"),
    }
    try:
        with ThreadPoolExecutor(len(programs)) as pool:
            list(pool.map(lambda program: program.start(), programs.values()))
        yield programs
    finally:
        for program in programs.values():
            program.stop()


def test_datasets_videos_and_depth_at_once_go_to_workers_of_their_model(
    settings, service, tmp_path
) -> None:
    plain = worker(settings, tmp_path / "bulk", "midas_small", lane="bulk")
    slow = worker(settings, tmp_path / "bulk-slow", "slow_one", lane="bulk")
    try:
        plain.start()
        slow.start()
        files = {}
        for number, image in enumerate(crops(4)):
            files[f"{number}.jpg"] = tmp_path / f"{number}.jpg"
            files[f"{number}.jpg"].write_bytes(image)
        with DepthClient(service["api"].url) as client:
            options = {"model": "slow_one", "size": "model"}
            dataset = client.datasets.submit(files, options=options)
            ended = client.datasets.wait(dataset.id, PATIENT_S)
            assert ended.counts["succeeded"] == 4
            results = list(client.datasets.results(dataset.id))
            video = client.videos.submit(CLIP, model="slow_one", outputs=["depth_npz"])
            made = client.videos.download(client.videos.wait(video.id, PATIENT_S), tmp_path / "out")
            now = client.depth_now(next(iter(files.values())), model="slow_one", size="model")
        assert {result["model"] for result in results} == {"slow_one"}
        assert {result["weights_id"] for result in results} == {"none"}
        assert video.document["model"] == now.model == "slow_one"
        assert np.load(made["depth.npz"])["depth"].shape == (5, 64, 64)
    finally:
        plain.stop()
        slow.stop()


def test_no_job_is_lost_or_computed_by_another_model_when_workers_are_killed(service) -> None:
    with DepthClient(service["api"].url) as client, ThreadPoolExecutor(8) as pool:
        # Given jobs by both models, in turns
        asked = ["midas_small" if n % 2 else "slow_one" for n in range(COUNT)]
        pairs = list(zip(crops(COUNT), asked, strict=True))
        jobs = list(pool.map(lambda p: client.submit(p[0], model=p[1], size="model"), pairs))
        # When the worker of both and the one of the slow model are killed at work
        service["both"].kill()
        service["slow"].kill()
        service["slow"].start()
        ended = list(pool.map(lambda job: client.wait(job.id, PATIENT_S), jobs))
    # Then each job has its result, by the model that it asked for
    assert [job.state.value for job in ended] == ["succeeded"] * COUNT
    assert [job.document["model"]["name"] for job in ended] == asked
    seen = [tuple(job.document["model"]["net_size"]) for job in ended]
    assert {size for size, name in zip(seen, asked, strict=True) if name == "slow_one"} == {
        (64, 64)
    }
    assert (64, 64) not in {s for s, name in zip(seen, asked, strict=True) if name != "slow_one"}
