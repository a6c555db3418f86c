"""What the filesystem store promises beyond the common suite: durability, and nothing outside."""

from __future__ import annotations

import errno
import io
import os
import threading
from pathlib import Path

import pytest

from contract.errors import NotFound, StorageUnavailable
from contract.settings import Settings
from storage.objects import durable_files
from storage.objects.filesystem import FilesystemStore
from storage.objects.open import open_object_store


@pytest.fixture
def store(tmp_path):
    return FilesystemStore(tmp_path / "root" / "objects")


def put(store, key, data=b"x"):
    store.put(key, data, media_type="text/plain", metadata={"a": "1"})


def files(tmp_path):
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def test_an_object_is_one_file_under_its_own_name_with_a_hidden_sidecar(store, tmp_path):
    put(store, "jobs/2026/01/02/id/depth.png", b"data")
    assert (tmp_path / "root/objects/jobs/2026/01/02/id/depth.png").read_bytes() == b"data"
    assert files(tmp_path) == [".depth.png.meta", "depth.png"]


def test_what_is_written_is_for_its_owner_alone(tmp_path):
    store = open_object_store(Settings(data_dir=tmp_path / "data"))
    put(store, "jobs/2026/01/02/id/depth.png", b"data")
    store.check()
    modes = {path.name: path.stat().st_mode & 0o777 for path in [*tmp_path.rglob("*")]}
    folders = {"data", "objects", "jobs", "2026", "01", "02", "id"}
    assert modes == dict.fromkeys(folders, 0o700) | {"depth.png": 0o600, ".depth.png.meta": 0o600}


def test_a_data_folder_that_was_open_to_others_is_closed_when_it_is_opened(tmp_path):
    for folder in ("data", "data/objects", "data/redis"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder).chmod(0o755)
    (tmp_path / "data/elsewhere").symlink_to(tmp_path)
    before = tmp_path.stat().st_mode
    open_object_store(Settings(data_dir=tmp_path / "data"))
    for folder in ("data", "data/objects", "data/redis"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700
    assert tmp_path.stat().st_mode == before


def test_deleting_the_last_object_of_a_folder_removes_the_folders_but_not_the_root(store, tmp_path):
    put(store, "a/b/c/d")
    put(store, "a/e")
    store.delete(["a/b/c/d"])
    assert not (tmp_path / "root/objects/a/b").exists()
    store.delete(["a/e"])
    assert list((tmp_path / "root").iterdir()) == [tmp_path / "root/objects"]
    assert files(tmp_path) == []


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_full_disk_at_any_step_is_an_outage_and_leaves_no_trace(
    store, tmp_path, monkeypatch, step
):
    put(store, "a/old", b"old")

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    target = {"write": (durable_files.shutil, "copyfileobj"), "fsync": (os, "fsync")}
    monkeypatch.setattr(*target.get(step, (Path, "replace")), full)
    with pytest.raises(StorageUnavailable, match="No space left"):
        put(store, "a/old", io.BytesIO(b"new"))
    monkeypatch.undo()
    assert store.get("a/old") == b"old"
    assert not [name for name in files(tmp_path) if name.endswith(".tmp")]


def test_data_and_folders_are_synced_before_put_returns(store, monkeypatch):
    synced, real = [], os.fsync

    def spy(descriptor):
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    put(store, "a/k")
    folders = [name for name in synced if not name.endswith(".tmp")]
    assert len(synced) - len(folders) == 2, "the sidecar and the data"
    assert folders[-1] == "a", "the folder last, when both names are in it"
    assert "objects" in folders, "and the folder in which the folder is new"


def test_the_sidecar_is_there_before_the_data(store, monkeypatch):
    order, real = [], Path.replace

    def spy(self, target):
        order.append(Path(target).name)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", spy)
    put(store, "a/k")
    assert order == [".k.meta", "k"]


def test_a_crash_between_sidecar_and_data_leaves_no_object(store, tmp_path):
    put(store, "a/k")
    (tmp_path / "root/objects/a/k").unlink()
    for read in (store.get, store.open, store.head):
        with pytest.raises(NotFound):
            read("a/k")
    assert list(store.list("")) == []


def test_a_link_to_elsewhere_is_not_followed_by_the_list(store, tmp_path):
    put(store, "a/k")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/file").write_text("secret")
    (tmp_path / "root/objects/link").symlink_to(tmp_path / "secret")
    assert "link/file" not in [info.key for info in store.list("")]


def test_a_store_that_cannot_be_written_fails_its_check(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        FilesystemStore(tmp_path / "file" / "objects").check()


def test_putting_and_deleting_in_one_folder_at_once_loses_nothing(store):
    failures = []

    def work(number):
        try:
            for _ in range(20):
                put(store, f"a/b/{number}", b"x")
                assert store.get(f"a/b/{number}") == b"x"
                store.delete([f"a/b/{number}"])
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(store.list("")) == []


def test_data_whose_sidecar_a_racing_delete_took_are_still_an_object(store, tmp_path):
    put(store, "a/k", b"data")
    (tmp_path / "root/objects/a/.k.meta").unlink()
    assert store.head("a/k").size == 4
    assert dict(store.head("a/k").metadata) == {}
