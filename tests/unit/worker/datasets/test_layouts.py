"""Files of a dataset's items: few requests in our own bucket, and none lost by a failed one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from contract.errors import StorageUnavailable
from contract.ids import new_id
from contract.options import JobOptions
from contract.runs import DatasetSpec, RunRequest
from contract.settings import Settings
from storage.objects.buckets import Buckets
from storage.objects.protocol import NewObject
from tests.services.memory_store import MemoryStore
from worker.datasets.layouts import TOGETHER_BYTES, FilesLayout, TarLayout
from worker.datasets.place import Place
from worker.outputs.render import RenderedFile

SIZE = TOGETHER_BYTES // 8  # so that eight files go together


class Counting(MemoryStore):
    """Counts requests for several objects; the first `failing` of them fail."""

    def __init__(self, failing: int = 0) -> None:
        super().__init__()
        self.requests: list[int] = []
        self._failing = failing

    def put_all(self, objects: Sequence[NewObject]) -> None:
        self.requests.append(len(objects))
        if len(self.requests) <= self._failing:
            raise StorageUnavailable("not now")
        super().put_all(objects)


def place_in(store: MemoryStore) -> Place:
    request = RunRequest(id=new_id(), created_at=0.0, spec=DatasetSpec(prefix="s3://photos/a/"))
    return Place(request, store, Buckets(Settings(), store), lambda each: each)


def layout_in(store: MemoryStore) -> FilesLayout:
    return FilesLayout(place_in(store), JobOptions())


def files(number: int) -> list[RenderedFile]:
    depth = RenderedFile("depth", "png", "image/png", 1, 1, bytes([number]) * SIZE)
    return [depth, RenderedFile("heatmap", "jpg", "image/jpeg", 1, 1, bytes([number]))]


def stored(layout: FilesLayout, items: int) -> dict[str, bytes]:
    """Store items and return what should be there, by key."""
    wanted = {}
    for number in range(items):
        found = layout.store(f"item-{number}", files(number))
        wanted |= {found[file.output].key: file.data for file in files(number)}
    return wanted


def test_files_of_several_items_go_together_and_all_are_there_in_the_end() -> None:
    store = Counting()
    with layout_in(store) as layout:
        wanted = stored(layout, 20)
        layout.finish()
    assert store.requests == [16, 16, 8]
    assert {key: store.get(key) for key in wanted} == wanted
    assert store.head(next(iter(wanted))).media_type == "image/png"


def test_a_request_that_fails_loses_no_items_files() -> None:
    # Given a store that fails once, in the eighth item
    store = Counting(failing=1)
    with layout_in(store) as layout:
        wanted = stored(layout, 7)
        with pytest.raises(StorageUnavailable):
            layout.store("item-7", files(7))
        # When that item is tried again and the shard ends
        again = layout.store("item-7", files(7))
        layout.finish()
    wanted |= {again[file.output].key: file.data for file in files(7)}
    # Then the files of all eight are there
    assert {key: store.get(key) for key in wanted} == wanted


def test_nothing_to_write_is_no_request() -> None:
    store = Counting()
    with layout_in(store) as layout:
        layout.finish()
    assert store.requests in ([], [0])


def test_a_full_disk_for_temporary_files_is_no_fault_of_an_image(monkeypatch) -> None:
    full = Path("/dev/full")  # takes nothing, as a disk without room
    if not full.exists():
        pytest.skip("no /dev/full here")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full.open("w+b"))
    layout = TarLayout(place_in(MemoryStore()), 0)
    with pytest.raises(StorageUnavailable, match="No space left"), layout:
        layout.store("item-0", files(0))


def test_where_no_temporary_file_can_be_made_a_shard_waits(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageUnavailable, match="No such file"):
        TarLayout(place_in(MemoryStore()), 0)
