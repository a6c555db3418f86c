"""Checks whether a disk has room for new work, so that accepted work can still end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# A share alone is not enough: a tenth of a large disk is room for days. This is a full backlog
# (10,000 jobs) of ordinary photographs, half a megabyte each, with their results.
ENOUGH_FREE_BYTES = 10 * 1024**3


class DiskSpace:
    """The disk that holds `folder`, which need not exist yet."""

    def __init__(
        self,
        folder: Path,
        max_share: float,
        look: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:
        """`max_share`: of the disk, in use, from which on it counts as full; 1: never."""
        self._folder, self._max_share, self._look = folder.absolute(), max_share, look

    def lack(self) -> str:
        """Return why there is no room for new work; empty: there is."""
        try:
            disk = self._look(self._there())
        except OSError as exc:
            return f"The disk does not say how full it is: {exc.strerror or exc}."
        used = disk.f_blocks - disk.f_bfree
        share = used / max(1, _total(disk))
        if share < self._max_share or disk.f_bavail * disk.f_frsize >= ENOUGH_FREE_BYTES:
            return ""
        return f"The disk is {share:.0%} full; come back later."

    def left_bytes(self) -> int:
        """Return how much may be written until there is no room for new work. Raises OSError."""
        disk = self._look(self._there())
        used, block = disk.f_blocks - disk.f_bfree, disk.f_frsize
        by_share = int(self._max_share * _total(disk) - used) * block
        return max(0, by_share, disk.f_bavail * block - ENOUGH_FREE_BYTES)

    def size_bytes(self) -> int:
        """Return how large the disk is. Raises OSError."""
        disk = self._look(self._there())
        return _total(disk) * disk.f_frsize

    def used_bytes(self) -> int:
        """Return how much of the disk is in use. Raises OSError."""
        disk = self._look(self._there())
        return (disk.f_blocks - disk.f_bfree) * disk.f_frsize

    def _there(self) -> Path:
        folder = self._folder
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder


def _total(disk: os.statvfs_result) -> int:
    """Return the blocks of a disk as df counts them: without what root alone may use."""
    return disk.f_blocks - disk.f_bfree + disk.f_bavail
