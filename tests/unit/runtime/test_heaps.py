"""Few heaps, whatever the number of threads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.heaps import ARENAS, keep_few_heaps

# glibc's own account of its heaps, after eight threads have each held memory at the same time
CROWD = """
import ctypes, threading
{first}
meet = threading.Barrier(8)
def hold():
    kept = [bytearray(5000) for _ in range(100)]
    meet.wait()
    del kept
threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""


# how many pages are faulted in by eight buffers of a picture's size, one after the other
PICTURES = """
import resource, threading
{first}
def fill(count):
    for _ in range(count):
        bytearray(b"x") * 8_000_000
def measured():
    fill(2)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    fill(8)
    print(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)
thread = threading.Thread(target=measured)
thread.start()
thread.join()
"""


def heaps(first: str) -> int:
    """Return how many heaps a process ends up with that does `first` before its threads."""
    done = subprocess.run(
        [sys.executable, "-c", CROWD.format(first=first)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_threads_share_few_heaps():
    asked = "from runtime.heaps import keep_few_heaps; assert keep_few_heaps()"
    assert heaps(asked) <= ARENAS < heaps("")


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_memory_of_one_picture_is_there_for_the_next():
    first = "from runtime.heaps import keep_few_heaps; assert keep_few_heaps()"
    done = subprocess.run(
        [sys.executable, "-c", PICTURES.format(first=first)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 200, "eight times 8 MB are 15,625 pages"


def test_without_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda _name: object())
    assert keep_few_heaps() is False
