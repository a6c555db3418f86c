"""Children live as long as we do: restarted when they die, ended in order, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from client.local.processes import Child
from client.local.supervisor import FIRST_PAUSE_S, SETTLED_S, Supervisor
from tests.waits import PATIENT_S, wait_until

SLEEP = "import time; print('hello', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def said():
    return []


@pytest.fixture
def heard():
    return []


@pytest.fixture
def make(heard):
    made = []

    def child(name: str, code: str) -> Child:
        made.append(
            Child(
                name,
                [sys.executable, "-c", code],
                dict(os.environ),
                lambda name, line: heard.append((name, line)),
            )
        )
        return made[-1]

    yield child
    for one in made:
        one.kill()


def test_lines_of_a_child_come_with_its_name(make, heard):
    child = make("worker", "import sys; print('out'); print('err', file=sys.stderr)")
    child.start()
    assert child.wait(PATIENT_S)
    child.kill()  # waits for the last lines
    assert sorted(heard) == [("worker", "err"), ("worker", "out")]


def test_a_dead_child_is_restarted_after_a_pause_that_grows_and_recovers(make, said):
    clock = Clock()
    supervisor = Supervisor(said.append, clock)
    child = make("api", "raise SystemExit(7)")
    supervisor.start(child)
    pauses = []
    for ran_s in (0, 0, SETTLED_S):
        wait_until(lambda: not child.alive, "it has died")
        clock.now += ran_s
        supervisor.restart_dead()
        first = child.process
        supervisor.restart_dead()
        assert child.process is first, "restarted before its pause was over"
        pauses.append(said[-1].rpartition("again in ")[2])
        clock.now += 10
        supervisor.restart_dead()
        assert child.process is not first
    assert pauses == [f"{FIRST_PAUSE_S:g} s", f"{2 * FIRST_PAUSE_S:g} s", f"{FIRST_PAUSE_S:g} s"]
    assert supervisor.deaths("api") == 3
    assert said[0].startswith("api ended with code 7")


def test_stop_lets_children_end_by_themselves(make, said, heard):
    supervisor = Supervisor(said.append)
    child = make("a", SLEEP)
    supervisor.start(child)
    wait_until(lambda: heard, "it speaks")
    assert supervisor.stop(["a"], PATIENT_S, lambda: False)
    assert child.exit_code == -signal.SIGTERM
    supervisor.restart_dead()
    assert not child.alive, "a stopped child is not restarted"


@pytest.mark.parametrize(("patience_s", "hurry"), [(0.2, False), (60, True)])
def test_children_that_do_not_end_in_time_are_killed(make, said, heard, patience_s, hurry):
    supervisor = Supervisor(said.append)
    child = make("a", STUBBORN)
    supervisor.start(child)
    wait_until(lambda: heard, "it speaks")
    assert not supervisor.stop(["a"], patience_s, lambda: hurry)
    assert child.exit_code == -signal.SIGKILL
    assert said == ["a did not end in time and was killed"]


def test_grandchildren_end_with_their_parent(make, heard):
    code = (
        "import subprocess, sys, time;"
        f"p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    child = make("a", code)
    child.start()
    wait_until(lambda: len(heard) == 2, "both speak")
    pid = next(int(line) for _, line in heard if line.isdigit())
    child.kill()
    wait_until(lambda: state(pid) == "Z", "it is gone")


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux")
def test_a_child_ends_when_its_parent_is_killed():
    code = (
        "import os, sys, time; from client.local.processes import Child;"
        f"c = Child('a', [sys.executable, '-c', {STUBBORN!r}], dict(os.environ), print);"
        "c.start(); print(c.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.stdout.readline()  # it has said hello: it ignores SIGTERM by now
        parent.kill()
    wait_until(lambda: state(pid) == "Z", "it is gone")
