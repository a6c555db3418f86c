"""The whole service on real parts: our API and worker processes, Valkey, an S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.settings import Settings
from depthq import DepthClient
from storage.objects.open import open_object_store
from tests.conftest import new_bucket
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.s3server import S3Server
from tests.services.valkey import ValkeyServer


@dataclass
class Service:
    """A running service, the parts that a test may break, and a client."""

    settings: Settings
    valkey: ValkeyServer
    api: ApiProcess
    worker: WorkerProcess
    client: DepthClient

    def stored(self) -> dict[str, bytes]:
        """Return every object of the bucket, by key."""
        store = open_object_store(self.settings)
        return {info.key: store.get(info.key) for info in store.list("")}


@pytest.fixture
def service(valkey: ValkeyServer, s3: S3Server, tmp_path: Path) -> Iterator[Service]:
    """The service with an empty Redis and a bucket of its own."""
    settings = s3.settings(
        new_bucket(),
        redis_url=valkey.url,
        data_dir=tmp_path / "data",
        lease_s=3.0,
        reconcile_interval_s=0.5,
    )
    open_object_store(settings).check()
    api, worker = ApiProcess(settings, tmp_path / "api"), WorkerProcess(settings, tmp_path / "work")
    try:
        api.start()
        worker.start()
        with DepthClient(api.url) as client:
            yield Service(settings, valkey, api, worker, client)
    finally:
        worker.stop()
        api.stop()
