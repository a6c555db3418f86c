"""Which stores the settings open, and the store that is none."""

from __future__ import annotations

import subprocess
import sys

from contract.settings import Settings
from storage.jobs.store import JobStore
from storage.objects.filesystem import FilesystemStore
from storage.objects.open import open_job_store, open_object_store
from storage.objects.s3 import S3Store


def test_without_a_bucket_objects_are_files_under_the_data_folder(tmp_path):
    store = open_object_store(Settings(data_dir=tmp_path))
    assert isinstance(store, FilesystemStore)
    store.put("a", b"1", media_type="text/plain")
    assert (tmp_path / "objects" / "a").read_bytes() == b"1"


def test_with_a_bucket_objects_are_in_s3():
    assert isinstance(open_object_store(Settings(s3_bucket="photos")), S3Store)


def test_opening_stores_connects_to_nothing():
    settings = Settings(redis_url="redis://127.0.0.1:1/0", s3_endpoint_url="http://127.0.0.1:1")
    assert isinstance(open_job_store(settings), JobStore)
    open_object_store(settings.model_copy(update={"s3_bucket": "b"}))


def test_a_service_without_s3_does_not_pay_for_importing_it():
    code = "import sys, storage.objects.open; sys.exit('boto3' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
