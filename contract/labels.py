"""Limits client-chosen text in metric labels and logs to closed sets, else `other`.

A label that a client can choose freely would create a time series per value.
"""

from __future__ import annotations

from collections.abc import Container

OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def among(value: str, known: Container[str]) -> str:
    """Return `value` if it is known, else `other`."""
    return value if value in known else OTHER
