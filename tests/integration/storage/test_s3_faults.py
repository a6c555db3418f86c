"""What callers see while the S3 server is killed or frozen, and that it passes."""

from __future__ import annotations

import pytest
from botocore.config import Config

from contract.errors import StorageUnavailable
from storage.objects import s3_access as s3_module
from storage.objects.s3 import S3Store
from tests.conftest import new_bucket


@pytest.fixture
def store(s3, monkeypatch):
    # Given the store with a shorter patience, so that the test needs none
    monkeypatch.setattr(
        s3_module, "Config", lambda **options: Config(**{**options, "read_timeout": 1.5})
    )
    return S3Store.from_settings(s3.settings(new_bucket()))


def test_a_killed_server_is_an_outage_and_has_kept_everything_when_it_is_back(store, s3):
    if s3.name in ("moto", "DEPTHQ_TEST_S3_ENDPOINT"):
        pytest.skip(f"{s3.name} forgets or cannot be killed")
    store.put("a", b"1", media_type="text/plain", metadata={"n": "1"})
    s3.kill()
    with pytest.raises(StorageUnavailable):
        store.put("b", b"2", media_type="text/plain")
    with pytest.raises(StorageUnavailable):
        store.check()
    s3.start()
    assert store.get("a") == b"1"
    assert dict(store.head("a").metadata) == {"n": "1"}
    store.put("b", b"2", media_type="text/plain")


def test_a_frozen_server_is_an_outage_until_it_thaws(store, s3):
    if s3.name == "DEPTHQ_TEST_S3_ENDPOINT":
        pytest.skip("not ours to freeze")
    store.put("a", b"1", media_type="text/plain")
    s3.freeze()
    try:
        for call in (store.check, lambda: store.get("a"), lambda: list(store.list(""))):
            with pytest.raises(StorageUnavailable):
                call()
    finally:
        s3.thaw()
    assert store.get("a") == b"1"
