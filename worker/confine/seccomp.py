"""A seccomp allow-list: the system calls that a decoder needs; all others fail.

Linux checks the filter at every system call, and it cannot be removed. Allowed are memory, threads,
clocks, and the pipes that are open. Everything else fails with EPERM, including calls that later
kernels add; for those libc gets ENOSYS and falls back to older calls.

`python -m worker.confine.seccomp` installs it on itself and says whether it holds.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

# name → number on x86_64, on aarch64 (None: it has no such call); linux/unistd.h
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # open files: two pipes and a file in memory
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "lseek": (8, 62), "fstat": (5, 80), "ftruncate": (77, 46), "close": (3, 57),
    # memory
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226),
    "madvise": (28, 233), "brk": (12, 214), "membarrier": (324, 283),
    # threads and signals
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "gettid": (186, 178),
    "set_tid_address": (218, 96), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "arch_prctl": (158, None), "exit": (60, 93), "exit_group": (231, 94),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "restart_syscall": (219, 128),
    # clocks, and the machine's resources
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169),
    "time": (201, None), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "setitimer": (38, 103), "getrusage": (98, 165), "getrlimit": (97, 163),
    "setrlimit": (160, 164), "getpid": (39, 172), "sysinfo": (99, 179), "getcpu": (309, 168),
    "getrandom": (318, 278),
}  # fmt: skip
_NEWEST = 470  # the last call of Linux 6.17; later ones must look unsupported to libc
_CLONE, _CLONE3, _PRLIMIT = (56, 220), (435, 435), (302, 261)
_KILL, _TGKILL, _SECCOMP = (62, 129), (234, 131), (317, 277)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH
_X32 = 0x40000000  # the x32 ABI of x86_64
_CLONE_THREAD = 0x00010000

_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian
_ALLOW, _FAIL, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_SET_MODE_FILTER, _ALL_THREADS = 1, 1

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, value


def install() -> bool:
    """Refuse all but the list to this process from now on; False where that is not possible.

    Needs "no new privileges". Threads that exist are included.
    """
    column, arch = _MACHINES.get(platform.machine(), (None, 0))
    if sys.platform != "linux" or column is None or sys.maxsize < 2**32:
        return False
    steps = _program(column, arch, os.getpid())
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(steps), ctypes.addressof(buffer))
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_char_p)
    return bool(call(_SECCOMP[column], _SET_MODE_FILTER, _ALL_THREADS, program) == 0)


def _program(column: int, arch: int, pid: int) -> list[Step]:
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
        (_EQUAL, 1, 0, _CLONE3[column]),  # its flags are behind a pointer: libc falls back to clone
        (_AT_LEAST, 0, 1, _NEWEST + 1),
        (_RETURN, 0, 0, _FAIL | errno.ENOSYS),
    ]
    for numbers in _ALLOWED.values():
        if numbers[column] is not None:
            steps += [(_EQUAL, 0, 1, numbers[column] or 0), (_RETURN, 0, 0, _ALLOW)]
    steps += _only(_CLONE[column], (_HAS_BITS, 0, 1, _CLONE_THREAD))  # threads, no processes
    steps += _only(_PRLIMIT[column], (_EQUAL, 0, 1, 0))  # 0: its own limits
    for number in (_KILL[column], _TGKILL[column]):  # abort() ends a process by a signal to itself
        steps += _only(number, (_EQUAL, 0, 1, pid))
    return [*steps, (_RETURN, 0, 0, _FAIL | errno.EPERM)]


def _only(number: int, condition: Step) -> list[Step]:
    """Return the steps that allow call `number` only if its first argument meets `condition`."""
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        condition,
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
    ]


def main() -> int:
    """Install the filter on this process, and say `holds` if it then refuses a socket."""
    from worker.confine.confine import give_up_privileges

    give_up_privileges()
    holds = install()
    try:
        socket.socket().close()
        holds = False
    except PermissionError:
        pass
    sys.stdout.write("holds\n" if holds else "absent\n")
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
