"""Which files a command means: files, patterns and folders, each with a name for its results."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path

from contract.errors import InvalidRequest

# In folders only; a file named outright is submitted whatever it is called.
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"},
)


def find_pictures(arguments: Iterable[str]) -> list[Path]:
    """Return the files that the arguments name, in order; InvalidRequest where there is none."""
    found: dict[Path, None] = {}  # a set that keeps its order
    for argument in arguments:
        paths = list(_expand(argument))
        if not paths:
            raise InvalidRequest(f"there is no picture at {argument}")
        found |= dict.fromkeys(paths)
    return list(found)


def _expand(argument: str) -> Iterator[Path]:
    path = Path(argument)
    if path.is_dir():
        yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
    elif path.is_file():
        yield path
    elif glob.has_magic(argument):
        for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207 - may be absolute
            yield from _expand(match) if Path(match).is_dir() else (Path(match),)


def result_stems(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each path with the stem for its results: its own, numbered where it is taken."""
    taken: set[str] = set()
    for path in paths:
        stem, number = path.stem, 1
        while stem in taken:
            number += 1
            stem = f"{path.stem}-{number}"
        taken.add(stem)
        yield path, stem
