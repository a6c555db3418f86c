"""Walks a folder for input: every regular file once, and what is left out is counted."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from client.plain import visible
from contract.outputs.registry import OUTPUTS, file_types

_ENDINGS = "|".join(sorted({file.extension for file in file_types()}))
_NAMES = "|".join(OUTPUTS)
# A browser numbers what it saves twice: `cat.depth (1).png`.
_OWN = re.compile(rf"\.({_NAMES})( ?\(\d+\))?\.({_ENDINGS})$", re.IGNORECASE)
# Files that macOS and Synology create next to pictures, some with a picture's suffix.
_NOT_FOR_PEOPLE = frozenset({"__MACOSX", "@eaDir", ".DS_Store"})
_KINDS_SAID = 6


@dataclass
class LeftOut:
    """Files that were found and are no input."""

    kinds: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)  # path → why

    def file(self, path: Path) -> None:
        """Count a file that is no picture by its name."""
        self.kinds[visible(path.suffix.lower()) or "without suffix"] += 1

    def sentence(self) -> str:
        """Return `3 files left out (2 .txt, 1 without suffix)`; empty if there are none."""
        total = self.kinds.total()
        if not total:
            return ""
        ranked = sorted(self.kinds.items(), key=lambda kind: (-kind[1], kind[0]))
        said = [f"{count} {kind}" for kind, count in ranked[:_KINDS_SAID]]
        said += ["…"] if len(ranked) > _KINDS_SAID else []
        return f"{total} file{'s' * (total > 1)} left out ({', '.join(said)})"


def is_own_result(path: Path) -> bool:
    """Tell whether a file's name is that of a result."""
    return _OWN.search(path.name) is not None


@dataclass
class Walk:
    """Finds the files below folders; results that go to `out` are not among them."""

    out: Path | None
    left_out: LeftOut
    hidden: bool = False  # also what is hidden from people

    def files(self, folder: Path) -> list[Path]:
        """Return the files below the folder, sorted; each folder is entered once.

        A link to a folder is followed, unless the folder is met without it.
        """
        seen: set[str] = set()
        found: list[Path] = []
        roots = [folder]
        while roots:
            root = roots.pop(0)
            links: list[Path] = []
            found += self._below(root, folder, seen, links)
            roots += sorted(links)
        return sorted(found)

    def _below(self, root: Path, top: Path, seen: set[str], links: list[Path]) -> Iterator[Path]:
        for here, folders, names in os.walk(root, onerror=self._unreadable):
            place = Path(here)
            if not self._enters(place, top, seen):
                folders.clear()
                continue
            folders[:] = sorted(name for name in folders if self._shown(name))
            links += [place / name for name in folders if (place / name).is_symlink()]
            yield from (place / name for name in names if self.takes(place / name))

    def _enters(self, place: Path, top: Path, seen: set[str]) -> bool:
        real = os.path.realpath(place)
        if real in seen or (self.out is not None and place != top and self._is_out(real)):
            return False
        seen.add(real)
        return True

    def _is_out(self, real: str) -> bool:
        return self.out is not None and real == os.path.realpath(self.out)

    def _shown(self, name: str) -> bool:
        if name in _NOT_FOR_PEOPLE or name.startswith("._"):
            return False
        return self.hidden or not name.startswith(".")

    def takes(self, path: Path, *, outright: bool = False) -> bool:
        """Tell whether a path is a file to be read; count it if not."""
        try:
            is_file = path.is_file()
        except OSError as error:  # in a folder that may be listed and no more
            self._unreadable(error)
            return False
        if not is_file:
            self.left_out.kinds["broken link" if path.is_symlink() else "not a file"] += 1
        elif is_own_result(path):
            self.left_out.kinds["results of depthq"] += 1
        elif path.name.startswith(".depthq"):
            pass
        elif not outright and not self._shown(path.name):
            self.left_out.kinds["hidden"] += 1
        else:
            return True
        return False

    def _unreadable(self, error: OSError) -> None:
        self.left_out.unreadable[str(error.filename)] = error.strerror or str(error)
