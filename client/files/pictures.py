"""Which files a command means: files, patterns and folders."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from client.files.named import hint
from client.files.walk import LeftOut, Walk
from client.plain import visible
from contract.errors import InvalidRequest

# In folders only; a file named outright is submitted whatever it is called.
SUFFIXES = frozenset(
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif",
        ".heic", ".heif", ".avif",
    },
)  # fmt: skip


def find_pictures(
    arguments: Iterable[str], out: Path | None = None, left_out: LeftOut | None = None
) -> list[Path]:
    """Return the files that the arguments name, in order; InvalidRequest where there is none.

    Results of ours, and what lies in the folder `out` for them, are never input.
    """
    left_out = LeftOut() if left_out is None else left_out
    walk = Walk(out, left_out)
    found: dict[Path, None] = {}  # a set that keeps its order
    nothing = None
    for argument in arguments:
        paths = list(_expand(argument, walk))
        if not paths and not (left_out.kinds or left_out.unreadable or _is_same(argument, out)):
            raise InvalidRequest(f"there is no picture at {visible(argument)}{hint(argument)}")
        nothing = argument if not paths else nothing
        found |= dict.fromkeys(paths)
    if not found and nothing is not None:
        raise nothing_at(nothing, left_out)
    return list(found)


def nothing_at(place: str, left_out: LeftOut) -> InvalidRequest:
    """Return the error that says what was found instead of pictures."""
    more = [left_out.sentence(), *(f"{p}: {why}" for p, why in left_out.unreadable.items())]
    why = "; ".join(filter(None, more))
    return InvalidRequest(f"there is no picture at {visible(place)}" + (why and f": {why}"))


def pictures_below(folder: Path, walk: Walk) -> Iterator[Path]:
    """Yield the files with a picture's suffix; count the others."""
    for path in walk.files(folder):
        if path.suffix.lower() in SUFFIXES:
            yield path
        else:
            walk.left_out.file(path)


def _expand(argument: str, walk: Walk) -> Iterator[Path]:
    path = Path(argument)
    if is_folder(path):
        yield from pictures_below(path, walk)
    elif os.path.lexists(argument):
        yield from (path,) if walk.takes(path, outright=True) else ()
    elif glob.has_magic(argument):
        for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207 - may be absolute
            yield from _expand(match, walk)


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder; InvalidRequest if that cannot be told."""
    try:
        return path.is_dir()
    except OSError as exc:
        raise InvalidRequest(f"cannot read {visible(str(path))}: {exc.strerror}") from exc


def _is_same(argument: str, out: Path | None) -> bool:
    return out is not None and os.path.realpath(argument) == os.path.realpath(out)
