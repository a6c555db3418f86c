"""Counts wrong API keys per address, in this process only."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S = 60
MAX_FAILURES = 20  # wrong keys per address and window: more than typing errors need
MAX_ADDRESSES = 10_000  # the least recently seen address is dropped first


@dataclass
class _Address:
    failures: int = 0
    until: float = 0.0  # the end of the window
    valid_keys: set[str] = field(default_factory=set)  # digests seen from this address


class FailedLogins:
    """Makes an address wait after too many wrong keys; keys already seen from it stay accepted.

    A guesser behind a proxy does not lock out other callers behind it. A correct guess is refused
    like a wrong one while the address has to wait. Thread-safe.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._addresses = OrderedDict[str, _Address]()

    def wait_s(self, address: str, digest: str) -> int:
        """Return how long `address` has to wait with this key, whole seconds; 0: it may try."""
        with self._lock:
            known = self._addresses.get(address)
            if known is None or known.failures < MAX_FAILURES or digest in known.valid_keys:
                return 0
            left_s = known.until - self._clock()
            return int(left_s) + 1 if left_s > 0 else 0

    def record_failure(self, address: str) -> None:
        """Count a wrong key."""
        now = self._clock()
        with self._lock:
            known = self._address(address)
            if known.until <= now:
                known.failures, known.until = 0, now + WINDOW_S
            known.failures += 1

    def record_success(self, address: str, digest: str) -> None:
        """Record that this valid key came from `address`."""
        with self._lock:
            self._address(address).valid_keys.add(digest)

    def _address(self, address: str) -> _Address:
        known = self._addresses.setdefault(address, _Address())
        self._addresses.move_to_end(address)
        if len(self._addresses) > MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        return known
