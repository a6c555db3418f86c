"""What a worker process starts, and in which order; what is left when its start fails."""

from __future__ import annotations

import pytest

from benchmarks import clocks
from contract.names.queues import Lane
from contract.settings import Settings
from storage.fleet.workers import WorkerRegistry
from tests.services.depthq import WorkerProcess
from tests.waits import wait_until
from worker import __main__ as program
from worker.imaging.decoder import Decoder, open_decoder
from worker.process import models
from worker.weights.errors import WeightsError


def test_every_decoding_child_runs_soon_after_the_worker_is_ready(valkey, redis, tmp_path):
    settings = Settings(
        redis_url=valkey.url, data_dir=tmp_path / "data", engine="simulated", decode_processes=3
    )
    process = WorkerProcess(settings, tmp_path / "worker")
    try:
        process.start()
        wait_until(lambda: any(w.ready for w in WorkerRegistry(redis).live()), "it is ready")
        wait_until(lambda: len(clocks.tree(process.pid)) == 1 + 3, "all children run")
    finally:
        process.stop()


def test_a_start_that_fails_leaves_no_decoding_child(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Decoder] = []
    running: list[int] = []

    def remembered(settings: Settings) -> Decoder:
        opened.append(open_decoder(settings))
        return opened[-1]

    def failing(_settings: Settings, _lane: Lane) -> None:
        running.extend(opened[0].pids)
        raise WeightsError("no such file")

    monkeypatch.setattr(program, "open_decoder", remembered)
    monkeypatch.setattr(models, "LoadingModels", failing)
    with pytest.raises(WeightsError):
        program._started(Settings(engine="simulated", simulation=True), Lane.INTERACTIVE)
    assert len(running) == 1  # it had begun first, and alone
    assert opened[0].pids == []
    assert not clocks.alive(running[0])
