"""Atomic, durable file writes: a file is complete or absent, also after a power failure."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from runtime.private_files import FOLDER_MODE, private_opener


def write_durably(path: Path, data: bytes | BinaryIO) -> None:
    """Write `data` to `path` by way of a hidden temporary file, fsync and rename.

    The caller calls `fsync_folder` once all files of the folder are written. Raises OSError and
    leaves no temporary file then; a crash may leave one, named `.<name>.<random>.tmp`.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb", opener=private_opener) as file:
            if isinstance(data, bytes):
                file.write(data)
            else:
                data.seek(0)
                shutil.copyfileobj(data, file, 1024 * 1024)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def fsync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents, each made durable in its parent."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    fsync_folder(folder.parent)


def remove_empty_folders(folder: Path, *, stop_at: Path) -> None:
    """Remove `folder` and its parents below `stop_at` as long as they are empty."""
    while folder != stop_at and folder.is_relative_to(stop_at):
        try:
            folder.rmdir()
        except OSError:  # not empty, or removed by another process: done either way
            return
        folder = folder.parent
