"""Words that come from outside, as labels of metrics and in logs: one of a closed set, or `other`.

A label of a text that a client chooses makes a time series for every text it thinks of.
"""

from __future__ import annotations

from collections.abc import Container

OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def among(value: str, known: Container[str]) -> str:
    """Return `value` if it is known, else `other`."""
    return value if value in known else OTHER
