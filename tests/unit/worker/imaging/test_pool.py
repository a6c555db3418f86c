"""Children are lent to one thread at a time, and a child that comes back wakes one borrower."""

from __future__ import annotations

import threading
from typing import Any

from tests.waits import PATIENT_S
from worker.imaging.pool import ChildPool

THREADS = 12


class Alive:
    """A child that needs no process."""

    ready, alive, served, pid = True, True, 0, 1

    def kill(self) -> None: ...

    def end(self) -> None: ...


def pool_and_started(size: int) -> tuple[ChildPool, list[Any]]:
    """Return a pool, and the children that it has started so far."""
    started: list[Any] = []

    def new_child() -> Any:
        started.append(Alive())
        return started[-1]

    return ChildPool(new_child, size=size, retire_after=1_000), started


def test_each_waiting_borrower_is_woken_once_for_its_child() -> None:
    # Given one child, lent, and many threads that wait for it
    child: Any = Alive()
    pool = ChildPool(lambda: child, size=1, retire_after=1_000)
    pool.start()
    waits, wait, served = [], pool._changed.wait, []

    def counted(timeout: float | None = None) -> bool:
        waits.append(1)
        return wait(timeout)

    pool._changed.wait = counted  # type: ignore[method-assign]

    def borrow() -> None:
        with pool.borrow() as lent:
            served.append(lent)

    threads = [threading.Thread(target=borrow) for _ in range(THREADS)]
    with pool.borrow():
        for thread in threads:
            thread.start()
        while len(waits) < THREADS:
            threading.Event().wait(0.005)
    # When it comes back
    for thread in threads:
        thread.join(PATIENT_S)
    # Then all have had it, and none was woken in vain
    assert served == [child] * THREADS
    assert len(waits) == THREADS
    pool.stop(1)


def test_borrowers_are_woken_when_the_pool_stops() -> None:
    child: Any = Alive()
    pool = ChildPool(lambda: child, size=1, retire_after=1_000)
    pool.start()
    refused = []

    def borrow() -> None:
        try:
            with pool.borrow():
                pass
        except Exception as exc:
            refused.append(str(exc))

    threads = [threading.Thread(target=borrow) for _ in range(3)]
    with pool.borrow():
        for thread in threads:
            thread.start()
        stopping = threading.Thread(target=pool.stop, args=(10,))
        stopping.start()
        for thread in threads:
            thread.join(PATIENT_S)
    stopping.join(PATIENT_S)
    assert refused == ["The decoder is stopped."] * 3


def test_the_first_child_can_start_before_the_others() -> None:
    pool, started = pool_and_started(size=3)
    for most, running in ((1, 1), (1, 1), (None, 3), (5, 3), (None, 3)):
        pool.start(most)
        assert len(started) == len(pool.pids) == running
    pool.stop(1)


def test_who_finds_the_only_child_lent_gets_another_that_is_not_started_twice() -> None:
    pool, started = pool_and_started(size=2)
    pool.start(1)
    with pool.borrow() as one, pool.borrow() as other:
        assert [one, other] == started
        pool.start()
    assert len(started) == 2
    pool.stop(1)
