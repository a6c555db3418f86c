"""Rigs on the filesystem store and on a real S3 server."""

from __future__ import annotations

import pytest

from contract.settings import Settings
from storage.objects.buckets import Buckets
from storage.objects.open import open_object_store
from tests.integration.datasets.rig import Rig


@pytest.fixture
def settings(tmp_path):
    return Settings(
        data_dir=tmp_path,
        dataset_buckets=("photos",),
        dataset_output_buckets=("target",),
        lease_s=0.4,
        concurrency=4,
    )


@pytest.fixture
def make_rig(redis, settings):
    """Make rigs that share Redis and, unless told otherwise, the store."""
    rigs = []

    def make(**options):
        chosen = options.pop("settings", settings)
        rig = Rig(chosen, redis, open_object_store(chosen), **options)
        rigs.append(rig)
        return rig

    yield make
    for rig in rigs:
        rig.stop()


@pytest.fixture
def rig(make_rig):
    return make_rig()


@pytest.fixture
def photos(settings, rig):
    """A bucket that datasets may read."""
    store = Buckets(settings, rig.objects).open("photos")
    (settings.data_dir / "buckets" / "photos").mkdir(parents=True)
    return store
