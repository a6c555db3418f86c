"""Keeps the memory of a process with many threads small (glibc; does nothing elsewhere)."""

from __future__ import annotations

import contextlib
import ctypes

MIB = 1024 * 1024
# mallopt(3)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
# By default every thread gets its own arena, which keeps the memory of its largest image. The
# interpreter lock serialises most allocations, so two arenas are no bottleneck.
ARENAS = 2
# Blocks of this size are returned to the system at once. By default, glibc raises the limit to 32
# MiB after the first large block.
GIVEN_BACK_BYTES = 16 * MIB
# What may lie unused at the end of a heap. Once the limit above is set, glibc no longer raises this
# one from 128 KiB: the memory of each picture would be returned, and faulted in anew for the next.
KEPT_BYTES = 32 * MIB


def give_back() -> None:
    """Return to the system what lies free within the heaps, as after loading a network (glibc)."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_few_heaps(arenas: int = ARENAS) -> bool:
    """Tell glibc so; call it before threads are started. False: another C library, nothing done."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    wanted = (
        (_M_ARENA_MAX, arenas),
        (_M_MMAP_THRESHOLD, GIVEN_BACK_BYTES),
        (_M_TRIM_THRESHOLD, KEPT_BYTES),
    )
    done = [mallopt(*each) for each in wanted]
    return all(done)
