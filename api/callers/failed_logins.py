"""How many wrong keys each address tried lately. In this process only: cheap, and without Redis."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S = 60
MOST = 20  # wrong keys of an address a window: beyond typing errors, far below what guessing needs
REMEMBERED = 10_000  # addresses; the one longest unheard of is forgotten first


@dataclass
class _Address:
    wrong: int = 0
    until: float = 0.0  # the end of the window
    right: set[str] = field(default_factory=set)  # digests of keys that came from here


class Guesses:
    """Who guesses too often is asked to wait; keys known from the same address go on.

    Without that, one guesser behind a proxy would shut out everybody behind it; and a guess that
    is right by luck looks like the wrong ones. Thread-safe.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._addresses = OrderedDict[str, _Address]()

    def wait_s(self, address: str, digest: str) -> int:
        """Return how long `address` has to wait with this key, whole seconds; 0: it may try."""
        with self._lock:
            known = self._addresses.get(address)
            if known is None or known.wrong < MOST or digest in known.right:
                return 0
            left_s = known.until - self._clock()
            return int(left_s) + 1 if left_s > 0 else 0

    def was_wrong(self, address: str) -> None:
        """Count a wrong key."""
        now = self._clock()
        with self._lock:
            known = self._know(address)
            if known.until <= now:
                known.wrong, known.until = 0, now + WINDOW_S
            known.wrong += 1

    def was_right(self, address: str, digest: str) -> None:
        """Remember that this key comes from there."""
        with self._lock:
            self._know(address).right.add(digest)

    def _know(self, address: str) -> _Address:
        known = self._addresses.setdefault(address, _Address())
        self._addresses.move_to_end(address)
        if len(self._addresses) > REMEMBERED:
            self._addresses.popitem(last=False)
        return known
