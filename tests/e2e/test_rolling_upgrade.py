"""A release beside the one before: each finishes the jobs and datasets of the other.

The old side is a checkout of the commit named below; where the history does not hold it, as in a
shallow clone, the test is skipped.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from client.depth_client import DepthClient
from contract.ids import new_id, new_run_id
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import STEP_PLAN, Lane
from contract.names.redis_keys import run_key
from contract.runs import DatasetSpec, RunRecord, RunRequest
from contract.settings import Settings
from storage.ledger.connection import open_redis
from storage.objects.open import open_object_store, open_run_store
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.store import RunStore
from tests.conftest import new_bucket
from tests.photographs import crops
from tests.services.depthq import ROOT, ApiProcess, WorkerProcess
from tests.services.valkey import ValkeyServer
from tests.waits import PATIENT_S, wait_until
from worker.process.app import make_celery, send
from worker.runs.dispatcher import message

OLD = "393dbce"  # the last commit before the packages were divided


@pytest.fixture(scope="module")
def old_side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout of the release before."""
    folder = tmp_path_factory.mktemp("old") / "tree"
    git = ["git", "-C", str(ROOT), "worktree"]
    made = subprocess.run([*git, "add", "--detach", folder, OLD], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no checkout of {OLD}: {made.stderr.decode().strip()[-200:]}")
    yield folder
    subprocess.run([*git, "remove", "--force", folder], capture_output=True, check=True)


class Of:
    """Programs run from another checkout than this one."""

    root = ROOT

    def environment(self):
        return {**super().environment(), "PYTHONPATH": str(self.root), "PYTHONSAFEPATH": "1"}


class ApiOf(Of, ApiProcess):
    """The API of a checkout."""


class WorkerOf(Of, WorkerProcess):
    """A worker of a checkout."""


@pytest.fixture(params=["files", "s3"])
def settings(request: pytest.FixtureRequest, valkey: ValkeyServer, tmp_path: Path) -> Settings:
    """Over both stores: only with S3 are inputs handed over and files put together."""
    make = Settings
    if request.param == "s3":
        make = partial(request.getfixturevalue("s3").settings, new_bucket())
    return make(
        redis_url=valkey.url,
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        precision="fp32",
        weights="bundled",
    )


@pytest.mark.slow
@pytest.mark.parametrize("old", ["worker", "api"])
def test_each_side_finishes_the_jobs_and_datasets_of_the_other(
    old: str, old_side: Path, settings: Settings, tmp_path: Path
) -> None:
    # Given an API of one release and workers of the other
    sides = {"worker": (ROOT, old_side), "api": (old_side, ROOT)}[old]
    api = ApiOf(settings, tmp_path / "api")
    workers = [WorkerOf(settings, tmp_path / lane, lane) for lane in ("interactive", "bulk")]
    api.root, *_ = sides
    for worker in workers:
        worker.root = sides[1]
    programs = [api, *workers]
    try:
        for program in programs:
            program.start()
        # When jobs and a dataset are submitted
        with DepthClient(api.url) as client:
            images = list(crops(6))
            jobs = [client.submit(image, size="model") for image in images]
            ended = [client.wait(job.id, PATIENT_S) for job in jobs]
            files = {}
            for number, image in enumerate(images):
                path = tmp_path / f"{number}.jpg"
                path.write_bytes(image)
                files[path.name] = path
            dataset = client.datasets.submit(files, options={"size": "model"})
            whole = client.datasets.wait(dataset.id, PATIENT_S)
        # Then all end as they should
        assert [job.state.value for job in ended] == ["succeeded"] * 6
        assert whole.counts["succeeded"] == 6
    finally:
        for program in reversed(programs):
            program.stop()


@pytest.mark.slow
@pytest.mark.parametrize("settings", ["files"], indirect=True)
def test_a_worker_of_before_leaves_a_kind_alone_that_it_does_not_know(
    old_side: Path, settings: Settings, tmp_path: Path
) -> None:
    # Given a worker of the release before, which leads, and a run of a kind of this release
    worker = WorkerOf(settings, tmp_path / "bulk", "bulk")
    worker.root = old_side
    ledger, objects = open_run_store(settings), open_object_store(settings)
    unknown = _run_of(new_run_id("toy"), "s3://null/1", ledger, objects)
    app = make_celery(settings)
    try:
        worker.start()
        send(app, *message(unknown.id, STEP_PLAN), Lane.BULK, DEFAULT_MODEL)
        # When it has run a dataset, and has looked for lost steps and runs several times
        known = _run_of(new_id(), "s3://null/1", ledger, objects)
        wait_until(lambda: ledger.get(known.id).state.terminal, "the dataset has ended", PATIENT_S)
        time.sleep(4 * settings.reconcile_interval_s)
        # Then the run is as it was, and the worker has not stumbled over it
        assert ledger.get(unknown.id) == unknown
        assert open_redis(settings).exists(run_key(unknown.id) + ":steps") == 0
        assert open_redis(settings).llen("depthq.bulk.toy.steps") == 1
        assert unknown.id not in worker.log_path.read_text()
    finally:
        worker.stop()
        app.close()


def _run_of(run_id: str, prefix: str, ledger: RunStore, objects: ObjectStore) -> RunRecord:
    request = RunRequest(id=run_id, created_at=time.time(), spec=DatasetSpec(prefix=prefix))
    RunObjects(objects).write_request(request)
    ledger.create(RunRecord(request=request, version=1))
    return RunRecord(request=request, version=1)
