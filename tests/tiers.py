"""Which tests `make test` runs: every function once, its dear repeats only in `make test-thorough`.

A repeat is the same function with other parameters: the second browser, the second language of the
same walk, the third engine. It may be left to `make test-thorough` where it costs over a second.
What is a function of its own is no repeat.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import pytest
from _pytest.mark import ParameterSet


class Marked(Protocol):
    """What is asked of a collected test."""

    @property
    def nodeid(self) -> str:
        """The file, the function, and its parameters in brackets."""

    def get_closest_marker(self, name: str) -> object:
        """Return the marker, or something untrue."""


def thorough(*values: object, name: str | None = None) -> ParameterSet:
    """Return parameters of a test or fixture whose run is left to `make test-thorough`."""
    return pytest.param(*values, id=name, marks=pytest.mark.thorough)


def never_run(items: Iterable[Marked]) -> set[str]:
    """Return the functions of thorough items that `make test` runs with no parameters at all."""
    items = list(items)
    repeated = {_function(item) for item in items if item.get_closest_marker("thorough")}
    return repeated - {_function(item) for item in items if _is_in_make_test(item)}


def _is_in_make_test(item: Marked) -> bool:
    return not any(item.get_closest_marker(name) for name in ("thorough", "slow"))


def _function(item: Marked) -> str:
    return item.nodeid.partition("[")[0]
