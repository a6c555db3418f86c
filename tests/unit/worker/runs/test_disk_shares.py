"""What one caller may take of the disk, and that the last of it is left to others."""

from __future__ import annotations

import time

import pytest

from contract.errors import Overloaded
from contract.ids import new_id
from contract.names.object_keys import run_list_object, run_object
from contract.runs import DatasetSpec, RunRequest
from tests.services.memory_store import MemoryStore
from worker.runs.disk_shares import DiskShares, endless, on_disk

MIB = 1024**2
OBJECT = MIB - 4096  # with what is said of it, a mebibyte on disk


class Disk:
    """A disk that fills as objects are put."""

    def __init__(self, store, size):
        self.store, self.size = store, size

    def left_bytes(self):
        return self.size - sum(on_disk(info.size) for info in self.store.list("datasets/"))

    def size_bytes(self):
        return self.size


@pytest.fixture
def store():
    return MemoryStore()


def request(owner="a"):
    spec = DatasetSpec()
    return RunRequest(id=new_id(), created_at=time.time(), spec=spec, owner=owner)


def unpack(store, disk, owner, objects):
    """Play a planner; return how many objects there was room for."""
    asked = request(owner)
    entry = run_list_object(asked.owner, asked.created_at, asked.id)
    store.put(entry, b"", media_type="text/plain")
    room, done = DiskShares(disk, store)(asked), 0
    for number in range(objects):
        try:
            room(OBJECT)
        except Overloaded:
            break
        key = run_object(asked.id, f"inputs/{number:09d}")
        store.put(key, bytes(OBJECT), media_type="image/png")
        done += 1
    return done


def test_an_archive_leaves_as_much_as_it_takes(store):
    disk = Disk(store, 100 * MIB)
    assert 50 <= unpack(store, disk, "a", 100) <= 53  # a little goes by between two looks


def test_many_archives_of_one_caller_leave_room_for_another(store):
    # Given a caller that sends one archive after the other
    disk = Disk(store, 100 * MIB)
    taken = [unpack(store, disk, "a", 20) for _ in range(20)]
    # Then it holds no more than three quarters, whatever it sends
    assert sum(taken) <= 79
    assert taken[-10:] == [0] * 10
    # And another finds room
    assert unpack(store, disk, "b", 8) == 8


def test_tiny_files_count_as_the_blocks_they_take():
    assert (on_disk(0), on_disk(1), on_disk(4096), on_disk(4097)) == (4096, 8192, 8192, 12288)


def test_where_results_are_on_a_server_nothing_is_known_of_its_disk(store):
    assert DiskShares(None, store)(request()) is endless
