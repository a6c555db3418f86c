from __future__ import annotations

import threading

from worker.attempts.isolation import Isolation

PATIENCE_S = 10


def in_thread(target) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_ordinary_jobs_run_together():
    isolation = Isolation()
    both_inside = threading.Barrier(2)

    def job() -> None:
        with isolation.shared():
            both_inside.wait(PATIENCE_S)

    threads = [in_thread(job) for _ in range(2)]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not both_inside.broken


def test_a_suspect_waits_for_the_others_and_then_keeps_them_out():
    isolation = Isolation()
    steps: list[str] = []
    suspect_waits, suspect_inside, let_go = (threading.Event() for _ in range(3))

    def suspect() -> None:
        suspect_waits.set()
        with isolation.exclusive():
            steps.append("suspect in")
            suspect_inside.set()
            let_go.wait(PATIENCE_S)
            steps.append("suspect out")

    def ordinary() -> None:
        with isolation.shared():
            steps.append("ordinary in")

    # Given an ordinary job inside, and a suspect that wants in
    with isolation.shared():
        one = in_thread(suspect)
        suspect_waits.wait(PATIENCE_S)
        assert not suspect_inside.wait(0.05)
        steps.append("first out")
    # When the suspect is in, another ordinary job has to wait
    suspect_inside.wait(PATIENCE_S)
    two = in_thread(ordinary)
    let_go.set()
    one.join(PATIENCE_S)
    two.join(PATIENCE_S)
    # Then they went one after the other
    assert steps == ["first out", "suspect in", "suspect out", "ordinary in"]
