"""A bounded set of children, lent to one thread at a time, each replaced when it dies or ages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from contract.errors import DecoderCrashed
from worker.imaging.process import Child, ChildDied, ChildTimeout
from worker.shortage import as_outage

_log = logging.getLogger(__name__)
_RETURN_S = 5.0


class ChildPool:
    """Lends children; thread-safe. `new_child` starts one, which is replaced after `retire_after`
    images.
    """

    def __init__(self, new_child: Callable[[], Child], size: int, retire_after: int) -> None:
        self._new_child, self._size, self._retire_after = new_child, size, retire_after
        lock = threading.Lock()
        # two conditions: a returned child wakes one borrower, not every waiting thread
        self._changed, self._returned = threading.Condition(lock), threading.Condition(lock)
        self._idle: list[Child] = []  # the last used is the first lent: its caches are warm
        self._lent: set[Child] = set()
        self._starting = 0
        self._stopped = False

    def start(self, most: int | None = None) -> None:
        """Start all children that are missing, or to `most`, without waiting for them."""
        with self._changed:
            self._stopped = False
            wanted = self._size if most is None else min(most, self._size)
            missing = wanted - len(self._idle) - len(self._lent) - self._starting
            try:
                for _ in range(missing):
                    self._idle.append(self._new_child())
            except OSError as exc:
                raise DecoderCrashed("The decoding processes could not be started.") from exc

    def wait_until_ready(self) -> None:
        """Wait for the children that are not ready yet. Raises DecoderCrashed if one cannot run."""
        while (child := self._take_unready()) is not None:
            try:
                _await(child)
            finally:
                self._give_back(child)

    def stop(self, patience_s: float) -> None:
        """End all children; those at work get `patience_s` to finish. Nothing is lent any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            self._returned.wait_for(self._all_returned, patience_s)
            for child in self._lent:
                child.kill()  # its borrower gets EOF and returns the dead child
            self._returned.wait_for(self._all_returned, _RETURN_S)
            children, self._idle = self._idle, []
        for child in children:
            child.end()

    def _all_returned(self) -> bool:
        return not self._lent and not self._starting

    @property
    def pids(self) -> list[int]:
        """The children's process ids."""
        with self._changed:
            return [child.pid for child in (*self._idle, *self._lent)]

    @contextmanager
    def borrow(self) -> Iterator[Child]:
        """Lend a ready child; waits while all are lent. Raises DecoderCrashed if none can start,
        StorageUnavailable if this machine has too little for one now.
        """
        child = self._take()
        try:
            if not child.ready:
                _await(child)
            yield child
        finally:
            self._give_back(child)

    def _take(self) -> Child:
        with self._changed:
            while True:
                if self._stopped:
                    raise DecoderCrashed("The decoder is stopped.")
                while self._idle:
                    child = self._idle.pop()
                    if child.alive:
                        self._lent.add(child)
                        return child
                    child.end()
                if len(self._lent) + self._starting < self._size:
                    self._starting += 1
                    break
                self._changed.wait()
        return self._start_one()

    def _take_unready(self) -> Child | None:
        with self._changed:
            child = next((child for child in self._idle if not child.ready), None)
            if child is not None:
                self._idle.remove(child)
                self._lent.add(child)
            return child

    def _start_one(self) -> Child:
        child = None
        try:
            child = self._new_child()
        except OSError as exc:
            crash = DecoderCrashed("A decoding process could not be started.")
            raise as_outage(exc) or crash from exc
        finally:
            with self._changed:
                self._starting -= 1
                if child is not None:
                    self._lent.add(child)
                self._changed.notify()
                self._returned.notify_all()
        return child

    def _give_back(self, child: Child) -> None:
        with self._changed:
            keep = child.alive and child.served < self._retire_after and not self._stopped
            if keep:
                self._idle.append(child)
            else:
                child.end()
                if not self._stopped:
                    self._replace()
            self._lent.discard(child)
            self._changed.notify()
            self._returned.notify_all()

    def _replace(self) -> None:
        """Start a successor now, so that no caller waits for its imports; it is lent last."""
        try:
            self._idle.insert(0, self._new_child())
        except OSError as exc:
            _log.warning("no new decoding process: %s", exc, extra={"action": "decode"})


def _await(child: Child) -> None:
    try:
        child.wait_until_ready()
    except ChildDied as exc:
        _log.error("decoding process did not start: %s", exc.said, extra={"action": "decode"})
        raise DecoderCrashed(f"A decoding process did not start ({exc}).") from exc
    except ChildTimeout as exc:
        raise DecoderCrashed("A decoding process did not start in time.") from exc
