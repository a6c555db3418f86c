"""Celery as its tutorial has it: prefork, one image per task, no batcher."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from celery.signals import worker_process_init

from benchmarks.peers.keeping import get
from benchmarks.peers.work import KEEPS, begin, decode, finish

URL = os.environ.get("PEER_REDIS", "redis://127.0.0.1:6379/0")
COUNTER, PROCESSES = "done", 2
app = Celery("plain", broker=URL)
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=4,
    task_acks_late=KEEPS == "s3",  # a task is not lost with its worker
)
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
def depth_of(where: str) -> None:
    """Decode, infer and keep the outputs of one image: a file, or an input in the bucket."""
    data = get(f"{where}/input") if KEEPS == "s3" else Path(where).read_bytes()
    kept = begin(data, key=where)
    tensor, size = decode(data)
    answer = finish(_held["engine"].infer(tensor[None])[0], size, kept)
    with _held["redis"].pipeline() as pipe:
        if KEEPS == "nothing":  # Celery's own result backend does the same
            pipe.setex(f"result:{depth_of.request.id}", 60, json.dumps(answer))
        pipe.incr(COUNTER)
        pipe.execute()
