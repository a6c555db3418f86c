"""Results are named after the images: `cats/a.jpg` becomes `cats/a.depth.png`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_MAX_NAME = 400


def member_names(folder: Path, paths: Iterable[Path]) -> dict[str, Path]:
    """Return the files by the name they have in the archive: their path below `folder`.

    A name that an archive cannot carry unharmed is replaced by a number.
    """
    return {_member(folder, path, number): path for number, path in enumerate(paths)}


def _member(folder: Path, path: Path, number: int) -> str:
    name = path.relative_to(folder).as_posix()
    if name.isprintable() and len(name) <= _MAX_NAME and "\\" not in name:
        return name
    return f"unnamed-{number:06d}{path.suffix if path.suffix.isprintable() else ''}"


class ResultNames:
    """Gives each image a stem of its own, a relative path that never leaves its folder."""

    def __init__(self, prefix: str = "") -> None:
        """`prefix` of the addresses, left out of the names."""
        self._prefix = prefix
        self._stems: dict[str, PurePosixPath] = {}
        self._taken: set[str] = set()

    def stem(self, uri: str) -> PurePosixPath:
        """Return the stem for the image at `uri`, the same one whenever it is asked.

        Where two images differ in their suffix only, the later one keeps its suffix.
        """
        if uri not in self._stems:
            self._stems[uri] = self._new(uri)
        return self._stems[uri]

    def _new(self, uri: str) -> PurePosixPath:
        path = _inside(uri, self._prefix)
        number, stem = 1, path.with_suffix("") if path.suffix else path
        while str(stem).casefold() in self._taken:
            stem = path if number == 1 else path.with_name(f"{path.name}-{number}")
            number += 1
        self._taken.add(str(stem).casefold())
        return stem


def _inside(uri: str, prefix: str) -> PurePosixPath:
    """Return a relative path without `..`, whatever `uri` is."""
    name = (
        uri.removeprefix(prefix) if prefix and uri.startswith(prefix) else uri.partition("://")[2]
    )
    parts = [
        "".join(letter if letter.isprintable() else "_" for letter in part)
        for part in (name or uri).replace("\\", "/").split("/")
        if part not in ("", ".", "..")
    ]
    return PurePosixPath(*parts) if parts else PurePosixPath("image")
