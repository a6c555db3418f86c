"""Large objects do not go the lean way, where one time limit covers the whole request."""

from __future__ import annotations

import io

import obstore
import pytest

from contract.settings import Settings
from storage.s3 import S3Store
from storage.s3_lean import LEAN_BYTES, LeanS3Store


@pytest.mark.parametrize("make", [bytes, lambda size: io.BytesIO(bytes(size))])
@pytest.mark.parametrize(
    ("size", "lean"), [(10, True), (LEAN_BYTES, True), (LEAN_BYTES + 1, False)]
)
def test_large_objects_go_by_the_store_that_only_limits_silence(monkeypatch, make, size, lean):
    went = []
    monkeypatch.setattr(obstore, "put", lambda *args, **options: went.append("lean"))
    monkeypatch.setattr(S3Store, "put", lambda *args, **options: went.append("boto3"))
    settings = Settings(s3_bucket="b", s3_access_key_id="k", s3_secret_access_key="s")
    store = LeanS3Store.from_settings(settings)
    data = make(size)
    store.put("jobs/a", data, media_type="image/png")
    assert went == ["lean" if lean else "boto3"]
    assert isinstance(data, bytes) or data.tell() == 0
