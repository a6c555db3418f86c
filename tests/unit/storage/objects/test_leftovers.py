"""What crashed writers leave on disk is removed; whole, young and foreign files stay."""

from __future__ import annotations

import os
import time

import pytest

from storage.objects.filesystem import FilesystemStore
from worker.upkeep.sweeper import tidy

HOUR_S = 3_600.0


@pytest.fixture
def store(tmp_path):
    store = FilesystemStore(tmp_path)
    store.put("jobs/a/input", b"1", media_type="image/png", metadata={"k": "v"})
    return store


def leave(tmp_path, name, age_s):
    path = tmp_path / "jobs" / "a" / name
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age_s,) * 2)
    return path


@pytest.mark.parametrize("name", [".depth.png.0123456789abcdef.tmp", ".depth.png.meta"])
def test_old_leftovers_go_and_young_ones_may_still_be_written(store, tmp_path, name):
    path = leave(tmp_path, name, 2 * HOUR_S)
    assert store.tidy(HOUR_S) == 1
    assert not path.exists()
    path = leave(tmp_path, name, 60)
    assert store.tidy(HOUR_S) == 0
    assert path.exists()


def test_whole_objects_and_files_of_others_stay(store, tmp_path):
    for name in ("input", ".input.meta", ".hidden"):
        path = tmp_path / "jobs" / "a" / name
        path.touch()
        os.utime(path, (0, 0))
    assert store.tidy(HOUR_S) == 0
    assert dict(store.head("jobs/a/input").metadata) == {"k": "v"}


def test_the_sweeper_tidies_too(store, tmp_path):
    leave(tmp_path, ".depth.png.meta", 2 * HOUR_S)
    assert tidy(store) == 1
