"""CPU clocks and memory of process trees, read from /proc."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.clocks import alive, cpu_s, end_tree, resident_bytes, tree
from tests.waits import wait_until


def test_our_own_clock_runs_and_our_memory_is_seen() -> None:
    me = os.getpid()
    assert cpu_s({"me": me})["me"] > 0
    assert resident_bytes(me)["rss"] > 1_000_000
    assert me in tree(me)


def test_a_process_that_is_gone_has_used_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert cpu_s({"gone": gone.pid}) == {"gone": 0.0}


def test_ending_a_tree_ends_the_children_too() -> None:
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(60)']"
    code = f"import subprocess, sys; subprocess.run({sleeper})"
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        wait_until(lambda: len(tree(parent.pid)) == 2, "the child has started")
        pids = tree(parent.pid)
        end_tree(parent.pid)
        parent.wait()
    assert not any(alive(pid) for pid in pids)
