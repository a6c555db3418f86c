"""Limits the disk space that one caller's datasets take while they are planned.

Only where results are files on a local disk: S3 servers do not report how full they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from contract.errors import Overloaded
from contract.kinds.registry import KINDS
from contract.names.object_keys import run_list_prefix, run_object
from contract.runs import RunRequest
from contract.settings import Settings
from storage.objects.disk import DiskSpace
from storage.objects.protocol import ObjectStore

# Called with the bytes of each object; raises Overloaded: no space left.
TakeSpace = Callable[[int], None]
_LOOK_EVERY_BYTES = 16 * 1024**2
_BLOCK_BYTES = 4096
_PLENTY = 4  # while a quarter of the disk is free, what the caller already uses is not counted


def endless(size: int) -> None:
    """Accept any size."""


def own_disk(settings: Settings) -> DiskSpace | None:
    """Return the disk of this machine that holds the objects; None: they are elsewhere."""
    if settings.s3_bucket is not None:
        return None
    return DiskSpace(settings.data_dir, settings.max_disk_share)


class DiskShares:
    """Makes the limit of each dataset. `disk` None: there is no limit."""

    def __init__(self, disk: DiskSpace | None, objects: ObjectStore) -> None:
        self._disk = disk
        self._objects = objects

    def __call__(self, request: RunRequest) -> TakeSpace:
        """Return the limit for what `request` is unpacked and planned to."""
        if self._disk is None:
            return endless
        return _Share(self._disk, lambda: sum(self._held(request))).take

    def _held(self, request: RunRequest) -> Iterator[int]:
        """Yield the unpacked sizes of the same caller's other archives."""
        for kind in KINDS:
            for entry in self._objects.list(run_list_prefix(request.owner, kind)):
                other = entry.key.rpartition("_")[2]
                if other != request.id:
                    inputs = self._objects.list(run_object(other, "inputs/"))
                    yield from (on_disk(info.size) for info in inputs)


class _Share:
    """One caller takes no more than it leaves to the others: at most half of the free space."""

    def __init__(self, disk: DiskSpace, held: Callable[[], int]) -> None:
        self._disk = disk
        self._held, self._held_bytes = held, -1
        self._taken = 0
        self._look_at = 0

    def take(self, size: int) -> None:
        self._taken += on_disk(size)
        if self._taken < self._look_at:
            return
        left = self._disk.left_bytes()
        self._look_at = self._taken + min(_LOOK_EVERY_BYTES, left // 16)
        scarce = left < self._disk.size_bytes() // _PLENTY
        if self._taken > left or (scarce and self._taken + self._others() > left):
            raise Overloaded(
                "the service's disk has no space left to unpack this: one caller leaves as much "
                "free as its datasets hold; delete older ones, or send less at once"
            )

    def _others(self) -> int:
        if self._held_bytes < 0:
            self._held_bytes = self._held()
        return self._held_bytes


def on_disk(size: int) -> int:
    """Return the disk space of an object of `size` bytes: whole blocks, and one for its sidecar."""
    return -(-size // _BLOCK_BYTES) * _BLOCK_BYTES + _BLOCK_BYTES
