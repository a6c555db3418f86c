"""Takes from this process what no decoder needs: files, sockets, programs, other processes.

A seccomp filter, which Linux checks at every system call and which nobody can take off again. It
refuses a list instead of allowing one: what a codec needs differs from one libc to the next, and a
call that was left out of an allow-list is an image that fails. What is refused fails with EPERM.

`python -m worker.confine.seccomp` tries it on itself and says whether it holds.
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
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # files: those that are needed are open by now
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None),
    "open_by_handle_at": (304, 265), "unlink": (87, None), "unlinkat": (263, 35),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "mkdir": (83, None),
    "mkdirat": (258, 34), "rmdir": (84, None), "link": (86, None), "linkat": (265, 37),
    "symlink": (88, None), "symlinkat": (266, 36), "truncate": (76, 45), "mknod": (133, None),
    "mknodat": (259, 33), "chmod": (90, None), "fchmodat": (268, 53), "chown": (92, None),
    "lchown": (94, None), "fchownat": (260, 54),
    # the network, and what could reach all of this by another way
    "socket": (41, 198), "socketpair": (53, 199), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    # programs and processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "process_madvise": (440, 440),
    # doors of the kernel that have often led out
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "unshare": (272, 97),
    "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "personality": (135, 92), "fanotify_init": (300, 262),
}  # fmt: skip
_CLONE, _CLONE3, _PRLIMIT = (56, 220), (435, 435), (302, 261)
_KILL, _TGKILL, _SECCOMP = (62, 129), (234, 131), (317, 277)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH
_X32 = 0x40000000  # calls of x86_64's second, forgotten interface
_CLONE_THREAD = 0x00010000

_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian
_ALLOW, _FAIL, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_SET_MODE_FILTER, _ALL_THREADS = 1, 1

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, value


def install() -> bool:
    """Refuse all of it to this process from now on; False where that is not possible.

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
    refused = [numbers[column] for numbers in _REFUSED.values()]
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
        (_EQUAL, 0, 1, _CLONE3[column]),  # its flags are out of sight: libc falls back to clone
        (_RETURN, 0, 0, _FAIL | errno.ENOSYS),
    ]
    for number in refused:
        if number is not None:
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _FAIL | errno.EPERM)]
    steps += _only(_CLONE[column], (_HAS_BITS, 0, 1, _CLONE_THREAD))  # threads, no processes
    steps += _only(_PRLIMIT[column], (_EQUAL, 0, 1, 0))  # 0: its own limits
    for number in (_KILL[column], _TGKILL[column]):  # abort() ends a process by a signal to itself
        steps += _only(number, (_EQUAL, 0, 1, pid))
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


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
