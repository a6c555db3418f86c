"""Files that a command names: what is said of one that is not there, or is a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from client.plain import visible
from contract.errors import InvalidRequest
from contract.wrong_fields import nearest

_ADDRESS = re.compile(r"(https?|s3|file)://", re.IGNORECASE)
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_LOOKED_AT = 2000  # names of a folder, for a guess


def named_file(place: str, *, folder_means: str) -> Path:
    """Return the path of the one file that `place` names; pipes and devices count.

    Raises InvalidRequest. `folder_means` says what to do with a folder instead.
    """
    path = Path(place)
    try:
        is_dir, there = path.is_dir(), path.exists()
    except OSError as exc:
        raise InvalidRequest(f"cannot read {visible(place)}: {exc.strerror}") from exc
    if is_dir:
        raise InvalidRequest(f"{visible(place)} is a folder; {folder_means}")
    if not there:
        raise InvalidRequest(f"there is no file {visible(place)}{hint(place)}")
    return path


def hint(place: str) -> str:
    """Return `; ` and what may be meant by a path where nothing is, or nothing."""
    said = _misread(place) or _guess(Path(place))
    return f"; {said}" if said else ""


def _misread(place: str) -> str:
    if found := _ADDRESS.match(place):
        bucket = found[1].lower() == "s3"
        return (
            "of a bucket: depthq dataset run s3://bucket/prefix/ --out DIR"
            if bucket
            else "this command reads files of this machine: download it first"
        )
    if _WINDOWS.match(place):
        return f"in WSL it is /mnt/{place[0].lower()}/… with slashes"
    return "a shell replaces ~ only outside of quotes" if place.startswith("~") else ""


def _guess(path: Path) -> str:
    """Return the most similar name in the same folder, or that the folder is missing."""
    try:
        if not path.parent.is_dir():
            return f"there is no folder {visible(str(path.parent))} either"
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry, _ in zip(entries, range(_LOOKED_AT), strict=False)]
    except OSError:
        return ""
    return visible(nearest(path.name, names))
