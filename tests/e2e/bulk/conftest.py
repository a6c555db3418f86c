"""The service on an S3 server with one bulk worker, and a bucket that datasets may read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.objects.open import open_object_store
from tests.conftest import new_bucket
from tests.services.datasets import BulkService, bulk_service
from tests.services.s3server import S3Server
from tests.services.valkey import ValkeyServer


@pytest.fixture(scope="package")
def service(
    valkey_session: ValkeyServer, s3_session: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BulkService]:
    """The service for all tests of this folder, started once."""
    valkey_session.start_empty()
    s3_session.resume()
    folder, bucket = tmp_path_factory.mktemp("bulk"), new_bucket()
    settings = s3_session.settings(
        new_bucket(),
        redis_url=valkey_session.url,
        data_dir=folder / "data",
        dataset_buckets=(bucket, f"{bucket}-gone"),
        precision="fp32",
        reconcile_interval_s=1.0,
        infer_threads=1,
        decode_processes=1,
    )
    images = open_object_store(s3_session.settings(bucket))
    images.check()
    with bulk_service(settings, bucket, images, folder) as running:
        yield running
