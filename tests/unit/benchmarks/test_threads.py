from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from benchmarks.threads import switches, table


def test_switches_are_counted_by_the_names_of_threads_without_their_numbers():
    go, done = threading.Event(), threading.Event()

    def work() -> None:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("group-12")
        for _ in range(20):
            time.sleep(0.002)  # long enough that the timer never ends before the thread has left
        done.set()
        go.wait()

    thread = threading.Thread(target=work)
    thread.start()
    done.wait()
    try:
        assert switches(os.getpid())["group voluntary"] >= 20
    finally:
        go.set()
        thread.join()


def test_the_busiest_thread_comes_first_and_those_that_do_nothing_are_left_out():
    per_job = {"a voluntary": 1.0, "a nonvoluntary": 0.5, "b voluntary": 3.0, "c voluntary": 0.0}
    assert [line.split() for line in table(per_job)] == [
        ["3.00", "b", "3.00", "to", "wait", "0.00", "for", "another"],
        ["1.50", "a", "1.00", "to", "wait", "0.50", "for", "another"],
    ]
