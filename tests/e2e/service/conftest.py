"""The whole service on real parts: our API and worker processes, Valkey, an S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from contract.settings import Settings
from depthq import DepthClient
from storage.objects.open import open_object_store
from storage.objects.together import CARRIER
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
        """Return every object of the bucket, by key, but the one that bundles are sent under."""
        store = open_object_store(self.settings)
        return {i.key: store.get(i.key) for i in store.list("") if i.key != CARRIER}


@pytest.fixture(scope="package")
def running(
    valkey_session: ValkeyServer, s3_session: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service for all tests of this folder, started once; use `service`."""
    folder = tmp_path_factory.mktemp("service")
    valkey_session.start_empty()
    s3_session.resume()
    settings = s3_session.settings(
        new_bucket(),
        redis_url=valkey_session.url,
        data_dir=folder / "data",
        max_disk_share=1,
        reconcile_interval_s=1.0,
        decode_processes=1,
        immediate_deadline_s=60,
    )
    open_object_store(settings).check()
    api, worker = ApiProcess(settings, folder / "api"), WorkerProcess(settings, folder / "work")
    try:
        api.start()
        worker.start()
        with DepthClient(api.url) as client:
            yield Service(settings, valkey_session, api, worker, client)
    finally:
        worker.stop()
        api.stop()


@pytest.fixture
def service(running: Service) -> Service:
    """The service, whole and with an empty bucket, whatever the test before did to it."""
    running.valkey.start()
    running.worker.start()
    store = open_object_store(running.settings)
    store.delete([info.key for info in store.list("")])
    return running
