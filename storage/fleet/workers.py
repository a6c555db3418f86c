"""Live workers: each announces itself every few seconds and is dropped when it stops."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from contract.names.queues import Lane
from contract.names.redis_keys import WORKERS_KEY, worker_key
from storage.ledger.connection import redis_errors


class HeldInfo(BaseModel):
    """A model that a worker holds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    weights_id: str
    engine: str
    precision: str
    images_per_s: float = 0.0  # measured; 0.0 before the first image
    declared_images_per_s: float = 0.0  # what its declaration expects
    memory_bytes: int = 0  # by which the process grew when it loaded the model


class Tally(BaseModel):
    """What a worker process has counted since it started."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    images: int = 0  # that went through the network
    batches: int = 0
    failures: dict[str, int] = {}  # code → jobs and items that failed


class WorkerInfo(BaseModel):
    """A worker process as it describes itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    lane: Lane
    pid: int
    host: str
    started_at: float
    ready: bool = False
    draining: bool = False
    engine: str = ""
    precision: str = ""
    model: str = ""  # the first of `models`
    weights_id: str = ""
    images_per_s: float = 0.0
    models: tuple[HeldInfo, ...] = ()  # empty: a worker of the version before, with one model
    busy: int = 0
    slots: int = 0
    immediate: bool = False  # takes requests of which nothing is kept
    lacks: tuple[str, ...] = ()  # kinds of long work that cannot be opened there
    tally: Tally = Tally()

    @property
    def serving(self) -> bool:
        """Whether it takes jobs."""
        return self.ready and not self.draining

    def held(self) -> tuple[HeldInfo, ...]:
        """Return the models that it holds."""
        if self.models or not self.model:
            return self.models
        alone = HeldInfo(
            name=self.model,
            weights_id=self.weights_id,
            engine=self.engine,
            precision=self.precision,
            images_per_s=self.images_per_s,
        )
        return (alone,)

    def speed(self, model: str) -> float | None:
        """Return its images per second by `model`, 0.0 if unmeasured; None: it does not hold it."""
        return next((held.images_per_s for held in self.held() if held.name == model), None)


class WorkerRegistry:
    """The live workers. Every method raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def announce(self, info: WorkerInfo, ttl_s: float) -> None:
        """Announce that this worker is alive, for `ttl_s` seconds."""
        with redis_errors(), self._redis.pipeline(transaction=True) as pipe:
            pipe.set(worker_key(info.name), info.model_dump_json(), px=int(ttl_s * 1000))
            pipe.sadd(WORKERS_KEY, info.name)
            pipe.execute()

    def withdraw(self, name: str) -> None:
        """Remove this worker."""
        with redis_errors(), self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(worker_key(name))
            pipe.srem(WORKERS_KEY, name)
            pipe.execute()

    def live(self) -> list[WorkerInfo]:
        """Return the workers that announced themselves lately, by name; drop the others."""
        with redis_errors():
            names = sorted(cast("set[str]", self._redis.smembers(WORKERS_KEY)))
            if not names:
                return []
            texts = self._redis.mget([worker_key(name) for name in names])
            dead = [name for name, text in zip(names, texts, strict=True) if text is None]
            if dead:
                self._redis.srem(WORKERS_KEY, *dead)
        return [WorkerInfo.model_validate_json(text) for text in texts if text is not None]
