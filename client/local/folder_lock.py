"""One stack per folder: two Redis servers on one append-only file would ruin it."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from client.errors import LocalProblem
from runtime.private_files import make_private, private_opener


def lock_folder(data_dir: Path) -> IO[str]:
    """Take the folder until the returned file is closed, or this process ends.

    LocalProblem if it is taken or cannot be written.
    """
    try:
        make_private(data_dir)
        file = open(data_dir / "lock", "w", opener=private_opener)  # noqa: SIM115
    except OSError as exc:
        raise LocalProblem(f"cannot write to {data_dir}: {exc.strerror}") from exc
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        file.close()
        raise LocalProblem(
            f"another `depthq up` uses {data_dir}; stop it, or set DEPTHQ_DATA_DIR"
        ) from exc
    return file
