"""A fork begins as a program of its own would, and ends when its caller hangs up."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.waits import wait_until
from worker.confine.fork_server import MOST_ARGUMENT_BYTES
from worker.confine.forks import Fork, Forks

DEEDS = "tests.unit.worker.confine.deeds"
ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
FOR_EVER = "print('begun', flush=True)\nwhile True: time.sleep(1)"


class Running:
    """A fork with its three files."""

    def __init__(self, forks: Forks, code: str) -> None:
        self._out, out = os.pipe()
        self._error, error = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            self.fork: Fork = forks.fork(code, nothing, out, error)
        finally:
            for file in (nothing, out, error):
                os.close(file)

    def line(self) -> str:
        """Return what it prints first."""
        return os.read(self._out, 1 << 16).decode().strip()

    def done(self) -> tuple[int, str, str]:
        """Return exit code, output and standard error, once it has closed both."""
        texts = []
        for file in (self._out, self._error):
            with os.fdopen(file) as opened:
                texts.append(opened.read().strip())
        return (self.fork.end(), *texts)

    def killed(self) -> int:
        """Hang up and return the exit code."""
        code = self.fork.end()
        os.close(self._out)
        os.close(self._error)
        return code


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    forks = Forks(DEEDS, ENVIRONMENT)
    yield forks
    forks.close()


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("", 0),
        ("os._exit(7)", 7),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -11),
        ("os.abort()", -6),
    ],
)
def test_the_caller_learns_how_it_ended(forks: Forks, code: str, ended: int) -> None:
    assert Running(forks, code).done() == (ended, "", "")


def test_an_error_is_told_on_its_own_standard_error(forks: Forks) -> None:
    code, out, error = Running(
        forks, "print('so far', flush=True)\nraise RuntimeError('no')"
    ).done()
    assert (code, out) == (1, "so far")
    assert error.endswith("RuntimeError: no")


def test_what_still_runs_is_killed_when_its_caller_hangs_up(forks: Forks) -> None:
    running, other = Running(forks, FOR_EVER), Running(forks, FOR_EVER)
    assert [running.line(), other.line()] == ["begun", "begun"]
    assert [running.killed(), running.fork.end(), other.killed()] == [-signal.SIGKILL] * 3


SEEN = """
files = {int(file): os.readlink(f'/proc/self/fd/{file}') for file in os.listdir('/proc/self/fd')
         if os.path.exists(f'/proc/self/fd/{file}')}
print(json.dumps({'files': files, 'environment': dict(os.environ), 'session': os.getsid(0),
                  'pid': os.getpid(), 'begun': len(begun), 'loaded': loaded['by']}))
"""


def test_nothing_of_the_caller_or_of_other_forks_is_in_it(
    forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPTHQ_S3_SECRET_KEY", "secret")
    other = Running(forks, FOR_EVER)
    assert other.line() == "begun"
    for _ in range(2):
        code, out, error = Running(forks, SEEN).done()
        assert (code, error) == (0, "")
        seen = json.loads(out)
        assert sorted(seen["files"]) == ["0", "1", "2"]
        assert seen["files"]["0"] == os.devnull
        assert set(seen["environment"]) <= {*ENVIRONMENT, "LC_CTYPE"}
        assert seen["session"] == seen["pid"] != forks.pid == seen["loaded"]
        assert seen["begun"] == 1
    other.killed()


def test_many_callers_at_once_each_get_their_own(forks: Forks) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = threads.map(lambda n: Running(forks, f"print({n})").done(), range(32))
    assert list(made) == [(0, str(n), "") for n in range(32)]


def test_what_is_too_long_for_one_call_is_refused(forks: Forks) -> None:
    with pytest.raises(ValueError, match="too many"):
        Running(forks, "#" * (MOST_ARGUMENT_BYTES + 1))
    whole = "pass #".ljust(MOST_ARGUMENT_BYTES, ".")
    assert Running(forks, whole).done() == (0, "", "")


def test_a_server_that_was_killed_is_followed_by_another() -> None:
    forks = Forks(DEEDS, ENVIRONMENT)
    running = Running(
        forks, "print('begun', flush=True)\ntime.sleep(0.05)\nprint('more', flush=True)"
    )
    assert running.line() == "begun"
    killed = forks.pid
    os.kill(killed, signal.SIGKILL)
    code, out, _ = running.done()
    assert (code, out) == (-signal.SIGKILL, "more")  # no process is left that knows more
    assert Running(forks, "print(1)").done() == (0, "1", "")
    assert forks.pid not in (killed, None)
    forks.close()


def test_an_idle_server_gives_its_memory_back_and_one_at_work_does_not() -> None:
    forks = Forks(DEEDS, ENVIRONMENT, idle_s=0.01)
    running = Running(forks, FOR_EVER)
    assert running.line() == "begun"
    first = forks.pid
    assert Running(forks, "print(1)").done() == (0, "1", "")
    assert forks.pid == first
    running.killed()
    wait_until(lambda: forks.pid is None, "the idle server has ended")
    assert not runs(first)
    assert Running(forks, "print(2)").done() == (0, "2", "")
    forks.close()


def test_with_its_parent_the_server_and_all_forks_end() -> None:
    forks = Forks(DEEDS, ENVIRONMENT)
    running = Running(forks, "print(os.getpid(), flush=True)\nwhile True: time.sleep(1)")
    processes = [int(running.line()), forks.pid]
    forks.close()  # as the kernel does for a parent that was killed
    wait_until(lambda: not any(map(runs, processes)), "both have ended")
    assert running.killed() == -signal.SIGKILL


def runs(pid: int | None) -> bool:
    return Path(f"/proc/{pid}").exists()
