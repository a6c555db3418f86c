"""Folders and files with owner-only permissions: they hold pictures and passwords."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
UMASK = 0o077  # of programs that write such files by themselves


def make_private(folder: Path) -> None:
    """Make `folder`, with its parents, or restrict an existing one; raises OSError.

    Files below a restricted folder are protected too, however many there are. A folder of another
    owner (a mounted volume) stays as it is; the folders directly below it that this process's user
    owns are restricted.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    close_to_others(folder)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                close_to_others(Path(entry))


def close_to_others(path: Path) -> None:
    """Remove all permissions of group and others, if the file belongs to this user."""
    with contextlib.suppress(OSError):  # another owner's, or deleted
        mode = path.lstat().st_mode
        if mode & 0o077 and not path.is_symlink():
            path.chmod(mode & 0o700)


def private_opener(path: str, flags: int) -> int:
    """Open as `open` does, for its argument `opener`; a new file is its owner's alone."""
    return os.open(path, flags, FILE_MODE)
