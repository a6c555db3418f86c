"""Limits a decoding child: memory, CPU time, system calls. Called in the child, on itself."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import struct
from pathlib import Path

from worker.confine import seccomp

_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
_PR_CAPBSET_DROP, _MOST_CAPABILITIES = 24, 64
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
_MAX_FILES = 32
MOST_LINES, MOST_LINE_LENGTH = 5, 200  # of what libraries print per image
_MAX_WRITTEN_BYTES = 64 * 1024  # only the captured warnings are ever written


def confine(memory_bytes: int) -> None:
    """Limit this process for good. The address space counts what is already mapped."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_FILES, _MAX_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_WRITTEN_BYTES, _MAX_WRITTEN_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    give_up_privileges()
    with contextlib.suppress(OSError):  # no /proc: the kernel chooses its victim itself
        Path("/proc/self/oom_score_adj").write_text("1000")
    give_up_capabilities()
    # Last, because it blocks opening files; where seccomp is missing, the limits remain.
    seccomp.install()


def give_up_privileges() -> None:
    """Prevent programs that this process might start from gaining privileges."""
    if hasattr(ctypes.CDLL(None), "prctl"):
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def give_up_capabilities() -> None:
    """Drop all capabilities: root in this process has no more rights than a user."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "capset"):
        return
    for capability in range(_MOST_CAPABILITIES):  # what a program it might start would get
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    none_at_all = struct.pack("=6I", *[0] * 6)  # effective, permitted, inheritable; twice 32 bits
    libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), none_at_all)  # 0: this process


def allow(seconds: float) -> None:
    """Let this process live for about `seconds` of CPU and of wall time from now on.

    The parent enforces the wall time; the alarm is for a child whose parent is gone.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(usage.ru_utime + usage.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
    signal.setitimer(signal.ITIMER_REAL, seconds + 2)


def rest() -> None:
    """Stop the alarm: waiting for the next image has no limit."""
    signal.setitimer(signal.ITIMER_REAL, 0)


class Captured:
    """Captures what libraries print to standard error in a file: read and emptied per image."""

    def __init__(self, fd: int = 2) -> None:
        self._fd = fd

    def take(self, most: int = MOST_LINES) -> list[str]:
        """Return up to `most` different lines printed since the last call."""
        size = os.lseek(self._fd, 0, os.SEEK_CUR)
        if size == 0:
            return []
        text = os.pread(self._fd, min(size, 4096), 0).decode("utf-8", "replace")
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        lines = (line.strip()[:MOST_LINE_LENGTH] for line in text.splitlines())
        return list(dict.fromkeys(line for line in lines if line and line[0] != "["))[:most]
