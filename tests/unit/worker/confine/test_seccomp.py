"""What a decoding child cannot do, tried in processes that confine themselves as it does."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker.confine import seccomp

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="the filter is for Linux on these machines",
)
CONFINED = """
libc = ctypes.CDLL(None, use_errno=True)
confine.confine(1 << 30)
"""
# Has imported what the deeds need, and lets a child of its own do each: a start takes longer.
PARENT = """
import ctypes, fcntl, json, mmap, os, resource, signal, socket, subprocess, sys, threading
import traceback
from worker.confine import confine, seccomp

for line in sys.stdin:
    said = [os.memfd_create(name) for name in ("stdout", "stderr")]
    child = os.fork()
    if child == 0:
        os.dup2(said[0], 1), os.dup2(said[1], 2)
        code = 1
        try:
            exec(json.loads(line), {**globals(), "__name__": "deed"})
            code = 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)
    _, status = os.waitpid(child, 0)
    texts = [os.pread(fd, 1 << 16, 0).decode() for fd in said]
    for fd in said:
        os.close(fd)
    print(json.dumps([os.waitstatus_to_exitcode(status), *texts]), flush=True)
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


X86_64 = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
AARCH64 = Path("/usr/include/asm-generic/unistd.h")


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run code in a process that confines itself after `before`."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PARENT], text=True, **pipes) as parent:

        def done(code: str, before: str = "") -> subprocess.CompletedProcess[str]:
            print(json.dumps(before + CONFINED + code), file=parent.stdin, flush=True)
            return subprocess.CompletedProcess([], *json.loads(parent.stdout.readline()))

        yield done
        parent.stdin.close()


@pytest.mark.parametrize(
    "deed",
    [
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "open('/etc/passwd')",
        "open(f'/proc/{os.getppid()}/environ')",
        "open('/tmp/depthq-was-here', 'w')",
        "os.unlink('/tmp/depthq-was-here')",
        "os.kill(os.getppid(), signal.SIGCONT)",
        "os.kill(0, signal.SIGCONT)",
        "os.pidfd_open(os.getppid())",
        "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
        "fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
        "fcntl.fcntl(0, 10, signal.SIGKILL)",  # F_SETSIG
        "os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0))",
        "os.sched_setaffinity(0, os.sched_getaffinity(0))",
        "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
        "os.utime('/nowhere')",
        "os.setxattr('/nowhere', 'user.depthq', b'x')",
        "os.chmod('/nowhere', 0o700)",
        "os.stat('/etc/passwd')",
        "os.listdir('/')",
        "os.dup(0)",
        "os.pipe()",
        "os.setsid()",
    ],
)
def test_no_file_no_socket_no_program_no_other_process(run: Run, deed):
    done = run(f"{deed}\n")
    assert done.returncode == 1
    assert "PermissionError" in done.stderr, done.stderr


def test_ptrace_is_refused_below_python_too(run: Run):
    done = run("print(libc.ptrace(16, os.getppid(), 0, 0), ctypes.get_errno())")
    assert done.stdout.split() == ["-1", "1"]


def test_what_a_decoder_needs_still_works(run: Run):
    done = run(
        "found = []\n"
        "threads = [threading.Thread(target=found.append, args=(n,)) for n in range(3)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
        "confine.allow(5.0); confine.rest()\n"
        "os.kill(os.getpid(), signal.SIGCONT)\n"
        "mmap.mmap(-1, 1 << 20).close()\n"
        "print(sorted(found))\n"
    )
    assert (done.stdout, done.returncode) == ("[0, 1, 2]\n", 0), done.stderr


def test_a_codec_that_gives_up_ends_by_its_own_signal(run: Run):
    assert run("os.abort()").returncode == -6


def test_the_filter_cannot_be_loosened(run: Run):
    code = "print(seccomp.install())\nsocket.socket()\n"
    done = run("from worker.confine import seccomp\n" + code)
    assert "PermissionError" in done.stderr


@pytest.mark.parametrize("call", [452, 430, 280, 188, 170, 442, 463, 469])
def test_calls_that_no_list_of_refusals_had_named_are_refused(
    run: Run, call
):  # fchmodat2, fsopen, …
    done = run(f"print(libc.syscall({call}, -100, b'/nowhere', 0, 0, 0), ctypes.get_errno())")
    assert done.stdout.split() == ["-1", "1"]


def test_every_call_that_is_not_on_the_list_fails(run: Run):
    column = ("x86_64", "aarch64").index(platform.machine())
    listed = {both[column] for both in seccomp._ALLOWED.values()}
    by_argument = {seccomp._CLONE[column], seccomp._PRLIMIT[column]}
    by_argument |= {seccomp._KILL[column], seccomp._TGKILL[column]}
    probes = {335, 336}  # uretprobe, uprobe: the kernel itself ends a process that calls them
    others = sorted(set(range(600)) - listed - by_argument - probes)
    done = run(
        f"for call in {others}:\n"
        "    assert libc.syscall(call, -1, -1, -1, -1, -1, -1) == -1, call\n"
        "    assert ctypes.get_errno() in (1, 38), (call, ctypes.get_errno())\n"
        "print('none')"
    )
    assert done.stdout == "none\n", done.stderr


def test_a_call_that_is_too_new_to_be_known_looks_absent(run: Run):
    done = run("print(libc.syscall(599, 0, 0), ctypes.get_errno())")
    assert done.stdout.split() == ["-1", "38"]


def test_root_has_no_capability_left(run: Run):
    done = run("print(status.read())", before="status = open('/proc/self/status')\n")
    fields = dict(line.split(":\t") for line in done.stdout.splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0 or (name == "CapBnd" and os.geteuid() != 0), name


def test_the_numbers_are_those_of_the_kernel():
    for column, header in enumerate((X86_64, AARCH64)):
        if not header.exists():
            pytest.skip("no kernel headers here")
        found = re.findall(r"#define (?:__NR|__NR3264)_(\w+) (\d+)", header.read_text())
        numbers = {name: int(number) for name, number in found}
        for name, both in seccomp._ALLOWED.items():
            assert both[column] == numbers.get(name), name


def test_no_number_stands_for_two_calls():
    for column in (0, 1):
        numbers = [both[column] for both in seccomp._ALLOWED.values() if both[column] is not None]
        assert len(numbers) == len(set(numbers))


def test_elsewhere_it_is_silently_absent(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not seccomp.install()
