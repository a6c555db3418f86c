"""The API over a real Redis and a filesystem store, without workers: the tests play those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient

from api.answers.openapi import DepthApp
from api.services import EXTENSION, Services
from api.wsgi import create_app
from contract.errors import StorageUnavailable
from contract.names.queues import Lane
from contract.settings import Settings
from storage.callers.allowances import Allowances
from storage.fleet.workers import WorkerRegistry
from storage.jobs.letter import NO_LETTER, Letter
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.objects.filesystem import FilesystemStore
from storage.runs.store import RunStore


@dataclass
class KeepingDispatch:
    """Keeps what it is told to publish; fails on demand."""

    sent: list[tuple[str, Lane]] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)
    models: list[str] = field(default_factory=list)  # of all of them, in order
    failing: bool = False

    def check(self) -> None:
        """The double is always there."""

    def letter(self, job_id: str, lane: Lane, model: str) -> Letter:
        return NO_LETTER  # so that it is told of every message

    def enqueue(self, job_id: str, lane: Lane, model: str) -> None:
        if self.failing:
            raise StorageUnavailable("as asked")
        self.sent.append((job_id, lane))
        self.models.append(model)

    def send_step(self, task: str, message_id: str, model: str) -> None:
        if self.failing:
            raise StorageUnavailable("as asked")
        self.steps.append((task, message_id))
        self.models.append(model)


@dataclass
class Api:
    """One API and its parts."""

    app: DepthApp
    parts: Services
    client: FlaskClient

    def kept(self) -> list[str]:
        """Return the keys of all objects."""
        return [info.key for info in self.parts.objects.list("")]

    def queued(self) -> int:
        """Return how many jobs the ledger has waiting."""
        return self.parts.jobs.backlog(Lane.INTERACTIVE).queued


@pytest.fixture
def make_api(redis_url, tmp_path) -> Iterator:
    """Make an API with the given settings over this test's Redis and folder."""
    made: list[Api] = []

    def make(**settings) -> Api:
        chosen = Settings(redis_url=redis_url, data_dir=tmp_path, **settings)
        redis = open_redis(chosen)
        store = FilesystemStore(tmp_path / "objects")
        ledgers = JobStore(redis), WorkerRegistry(redis), KeepingDispatch(), RunStore(redis)
        app = create_app(chosen, store, *ledgers, Allowances(redis))
        made.append(Api(app, app.extensions[EXTENSION], app.test_client()))
        clients.append(redis)
        return made[-1]

    clients: list = []
    yield make
    for api in made:
        api.parts.stop_waiting()
    for redis in clients:
        redis.close()


@pytest.fixture
def api(make_api) -> Api:
    """An API with default settings."""
    return make_api()
