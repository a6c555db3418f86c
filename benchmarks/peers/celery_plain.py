"""Celery as its tutorial has it: prefork, one image per task, no batcher, a file in, files out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from celery.signals import worker_process_init

from benchmarks.peers.work import decode, write_outputs

URL = os.environ.get("PEER_REDIS", "redis://127.0.0.1:6379/0")
COUNTER, PROCESSES = "done", 2
app = Celery("plain", broker=URL)
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=4)
_held: dict[str, Any] = {}


@worker_process_init.connect
def _load(**_: object) -> None:
    """Load the engine in every process: with one thread each, they share the cores best."""
    from contract.settings import Settings
    from worker.engines.factory import open_engine

    engine = open_engine(Settings(max_batch=1, infer_threads=1))
    engine.load()
    engine.warm_up([(192, 256)])
    _held.update(engine=engine, redis=redis.Redis.from_url(URL))


@app.task
def depth_of(path: str) -> None:
    """Decode, infer and write the outputs of one image file."""
    tensor, size = decode(Path(path).read_bytes())
    write_outputs(_held["engine"].infer(tensor[None])[0], size)
    _held["redis"].incr(COUNTER)
