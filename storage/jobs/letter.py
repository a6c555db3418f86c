"""The message that goes out with a record: one step in Redis instead of two.

The ledger knows neither Celery nor its queues; what makes messages (`api/dispatch.py`) says both.
"""

from __future__ import annotations

from typing import NamedTuple


class Letter(NamedTuple):
    """A raw message and the Redis list that it goes to."""

    queue: str
    message: str


NO_LETTER = Letter("", "")
