"""How long tests wait for what they expect to happen.

One bound for all: it is there so that a test that hangs ends, and says nothing about speed. What is
waited for ends the wait, so that a long bound costs nothing where all is well; a short one fails on
a machine whose cores four test processes, their servers and browsers share.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENT_S = 90
PATIENT_MS = 1_000 * PATIENT_S  # for what counts in milliseconds, as browsers do
FIRST_LOOK_S, LAST_LOOK_S = 0.01, 0.05


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = PATIENT_S) -> None:
    """Return once `condition()` is true; raise TimeoutError, naming `what`, if it never is.

    It is looked at less and less often, since looking often takes the cores from what is awaited.
    """
    ends_at = time.monotonic() + timeout_s
    pause_s = FIRST_LOOK_S
    while not condition():
        if time.monotonic() > ends_at:
            raise TimeoutError(f"waited {timeout_s:g} s in vain until {what}")
        time.sleep(pause_s)
        pause_s = min(1.1 * pause_s, LAST_LOOK_S)
