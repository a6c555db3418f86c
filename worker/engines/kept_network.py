"""A network as its runtime has optimised it, kept in a file that every worker of a machine maps.

Compiling makes a copy of the weights in the process's own memory, which nothing reads again once
the kernels have packed theirs. Mapped from a file, workers share it, and the kernel may drop its
pages and read them again when needed. A network that is optimised already loads in half the time.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import time
from pathlib import Path
from weakref import WeakValueDictionary

from worker.machine import processor
from worker.weights.files import sha256_of, write_whole

LARGEST_SOURCE_BYTES = 128 * 1024 * 1024  # a larger one would take gigabytes while it is written
UNUSED_S = 30 * 24 * 3600.0  # after which another version's file is removed
# what this process has mapped: engines of one network share their pages
_MAPPED: WeakValueDictionary[Path, mmap.mmap] = WeakValueDictionary()


class KeptNetwork:
    """The file of one network, for one processor, runtime and precision. Never an error.

    What cannot be read, written or trusted is not there. A file's name holds the hash of its bytes.
    `wanted` tells whether this network is to be kept.
    """

    def __init__(self, folder: Path, source: Path, runtime: str, precision: str) -> None:
        self._folder, self.wanted = folder, source.stat().st_size <= LARGEST_SOURCE_BYTES
        words = f"{processor()} {runtime} {precision} {sha256_of(source) if self.wanted else ''}"
        self._key = hashlib.sha256(words.encode()).hexdigest()[:16]

    def mapped(self) -> mmap.mmap | None:
        """Return the file's bytes, mapped; None: there is none, or it is damaged and removed."""
        for path in self._folder.glob(f"{self._key}.*.blob"):
            if (found := _MAPPED.get(path)) is not None:
                return found
            with contextlib.suppress(OSError, ValueError):  # removed meanwhile; empty
                with path.open("rb") as file:
                    # what wraps it wants an array that can be written to: such pages become copies
                    found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
                if hashlib.sha256(found).hexdigest() == path.name.split(".")[1]:
                    with contextlib.suppress(OSError):  # another user's, in a cache that is shared
                        path.touch()
                    return _MAPPED.setdefault(path, found)
                found.close()
            self._remove(path)
        return None

    def keep(self, network: memoryview) -> mmap.mmap | None:
        """Write the file and return its bytes, mapped; None where that is not possible."""
        name = f"{self._key}.{hashlib.sha256(network).hexdigest()}.blob"
        try:
            write_whole(self._folder / name, network)
        except OSError:
            return None
        self._remove_old()
        return self.mapped()

    def forget(self) -> None:
        """Remove the file: its runtime does not take it."""
        for path in self._folder.glob(f"{self._key}.*.blob"):
            self._remove(path)

    def _remove_old(self) -> None:
        for path in self._folder.glob("*.blob"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > UNUSED_S:
                    path.unlink()

    @staticmethod
    def _remove(path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
