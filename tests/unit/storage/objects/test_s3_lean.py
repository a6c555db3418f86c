"""What goes the lean way, and when the bytes of a put are signed."""

from __future__ import annotations

import io

import obstore
import pytest

from contract.settings import Settings
from storage.objects.s3 import S3Store
from storage.objects.s3_lean import LEAN_BYTES, LeanS3Store


@pytest.mark.parametrize("make", [bytes, lambda size: io.BytesIO(bytes(size))])
@pytest.mark.parametrize(
    ("size", "lean"), [(10, True), (LEAN_BYTES, True), (LEAN_BYTES + 1, False)]
)
def test_large_objects_go_by_the_store_that_only_limits_silence(monkeypatch, make, size, lean):
    went = []
    monkeypatch.setattr(obstore, "put", lambda *args, **options: went.append("lean"))
    monkeypatch.setattr(S3Store, "put", lambda *args, **options: went.append("boto3"))
    settings = Settings(s3_bucket="photos", s3_access_key_id="k", s3_secret_access_key="s")
    store = LeanS3Store.from_settings(settings)
    data = make(size)
    store.put("jobs/a", data, media_type="image/png")
    assert went == ["lean" if lean else "boto3"]
    assert isinstance(data, bytes) or data.tell() == 0


@pytest.mark.parametrize(
    ("endpoint_url", "unsigned"),
    [
        (None, True),  # AWS
        ("https://s3.example.org", True),
        ("http://localhost:9000", True),
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("http://minio:9000", False),
        ("http://10.0.0.7:9000", False),
        ("http://127.0.0.1.example.org:9000", False),
        ("http://localhost.example.org", False),
    ],
)
def test_bytes_are_signed_where_they_cross_a_bare_network(endpoint_url, unsigned):
    settings = Settings(
        s3_endpoint_url=endpoint_url,
        s3_bucket="photos",
        s3_access_key_id="k",
        s3_secret_access_key="s",
    )
    config = LeanS3Store.from_settings(settings)._rust.config
    assert config["unsigned_payload"] in (unsigned, str(unsigned).lower())
