"""What a decoding child cannot do, tried in processes that confine themselves as it does."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from worker.confine import seccomp

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="the filter is for Linux on these machines",
)
CONFINED = """
import ctypes, mmap, os, resource, signal, socket, subprocess, threading
from worker.confine import confine
libc = ctypes.CDLL(None, use_errno=True)
confine.confine(1 << 30)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CONFINED + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


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
    ],
)
def test_no_file_no_socket_no_program_no_other_process(deed):
    done = run(f"{deed}\n")
    assert done.returncode == 1
    assert "PermissionError" in done.stderr, done.stderr


def test_ptrace_is_refused_below_python_too():
    done = run("print(libc.ptrace(16, os.getppid(), 0, 0), ctypes.get_errno())")
    assert done.stdout.split() == ["-1", "1"]


def test_what_a_decoder_needs_still_works():
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


def test_a_codec_that_gives_up_ends_by_its_own_signal():
    assert run("os.abort()").returncode == -6


def test_the_filter_cannot_be_loosened():
    code = "print(seccomp.install())\nsocket.socket()\n"
    done = run("from worker.imaging import seccomp\n" + code)
    assert "PermissionError" in done.stderr


def test_no_number_stands_for_two_calls():
    for column in (0, 1):
        numbers = [both[column] for both in seccomp._REFUSED.values() if both[column] is not None]
        assert len(numbers) == len(set(numbers))


def test_elsewhere_it_is_silently_absent(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not seccomp.install()
