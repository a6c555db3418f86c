"""Selects names below a source, and counts those that are left out without a client's request."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from pathlib import PurePosixPath

SYSTEM_FILES, LINKS, OTHERS = "system files", "links", "others"
_MAX_KINDS = 20  # distinct suffixes counted; suffixes are untrusted text
_MAX_SUFFIX = 10
# Files that operating systems create next to pictures, often with a picture's suffix.
_SYSTEM_FOLDERS = frozenset(
    {"__macosx", "@eadir", "#recycle", "$recycle.bin", ".appledouble", ".thumbnails", ".trashes"}
)
_SYSTEM_NAMES = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"})


class LeftOut:
    """Counts names by suffix, `system files` and `links`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, kind: str) -> None:
        """Count one of `kind`."""
        known = kind in self._counts or len(self._counts) < _MAX_KINDS
        self._counts[kind if known else OTHERS] += 1

    @property
    def counts(self) -> dict[str, int]:
        """The most frequent kind first."""
        return dict(sorted(self._counts.items(), key=lambda entry: (-entry[1], entry[0])))


class Wanted:
    """Tells whether a name below the source is an item: include (or suffixes) and not exclude.

    Names that no glob of the client excludes are counted in `left_out`.
    """

    def __init__(
        self,
        suffixes: tuple[str, ...],
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        left_out: LeftOut | None = None,
    ) -> None:
        self._suffixes = suffixes
        self._include, self._exclude = _globs(include), _globs(exclude)
        self.left_out = left_out or LeftOut()

    def __call__(self, name: str) -> bool:
        if self._exclude is not None and self._exclude.match(name):
            return False
        if is_system_file(name):
            self.left_out.add(SYSTEM_FILES)
            return False
        if self._include is not None:
            return bool(self._include.match(name))
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in self._suffixes:
            return True
        self.left_out.add(_kind(suffix))
        return False


def is_system_file(name: str) -> bool:
    """Tell whether an operating system or a NAS made the file for itself."""
    *folders, last = name.lower().split("/")
    return (
        last in _SYSTEM_NAMES
        or last.startswith("._")
        or any(folder in _SYSTEM_FOLDERS for folder in folders)
    )


def _kind(suffix: str) -> str:
    if not suffix:
        return "without suffix"
    return suffix if len(suffix) <= _MAX_SUFFIX and suffix[1:].isalnum() else OTHERS


def _globs(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{fnmatch.translate(pattern)})" for pattern in patterns))
