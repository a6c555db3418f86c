"""Folders and files for their owner alone: other people's pictures and passwords are in them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
UMASK = 0o077  # of programs that write such files by themselves


def make_private(folder: Path) -> None:
    """Make `folder`, with its parents, or close an older one to others; raises OSError.

    What is below a closed folder is closed too, however many files there are. A folder that is not
    ours (a mounted volume) stays as it is; those right below it, which we made, are closed.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    close_to_others(folder)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                close_to_others(Path(entry))


def close_to_others(path: Path) -> None:
    """Take every right of group and others away, if the file is ours."""
    with contextlib.suppress(OSError):  # not ours, or gone
        mode = path.lstat().st_mode
        if mode & 0o077 and not path.is_symlink():
            path.chmod(mode & 0o700)


def private_opener(path: str, flags: int) -> int:
    """Open as `open` does, for its argument `opener`; a new file is its owner's alone."""
    return os.open(path, flags, FILE_MODE)
