"""Removes what crashes leave on disk: temporary files never renamed, sidecars without data."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
_SIDECAR = re.compile(r"\.(?P<of>.+)\.meta")


def remove_leftovers(root: Path, older_than_s: float) -> int:
    """Remove leftovers under `root` untouched for `older_than_s`; return how many.

    Only file names that the store itself creates are touched. Raises OSError.
    """
    before, removed = time.time() - older_than_s, 0
    for folder, _, names in os.walk(root):
        there = set(names)
        for name in names:
            path = Path(folder, name)
            if _is_leftover(name, there) and _touched_before(path, before):
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _is_leftover(name: str, beside: set[str]) -> bool:
    if _TEMPORARY.fullmatch(name):
        return True
    sidecar = _SIDECAR.fullmatch(name)
    return sidecar is not None and sidecar["of"] not in beside


def _touched_before(path: Path, before: float) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime < before
    return False
