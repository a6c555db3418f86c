"""Finds the code of a model: what its declaration names as `module:function`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def part(reference: str) -> Callable[..., Any]:
    """Return the function that `module:function` names; ImportError if it is not to be had."""
    module, _, function = reference.partition(":")
    found = getattr(importlib.import_module(module), function, None)
    if found is None:
        raise ImportError(f"{reference} is not there")
    return found  # type: ignore[no-any-return]
