"""One stack per folder: two Redis servers on one append-only file would ruin it."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from client.errors import LocalProblem


def lock_folder(data_dir: Path) -> IO[str]:
    """Take the folder until the returned file is closed, or this process ends.

    LocalProblem if it is taken or cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = (data_dir / "lock").open("w")
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
