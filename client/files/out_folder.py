"""The folder for results: checked to be writable before anything is computed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from client.errors import LocalProblem
from client.plain import visible


def prepare_out(folder: Path) -> None:
    """Make the folder and write into it. Raises LocalProblem."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError as exc:
        raise LocalProblem(f"{visible(str(folder))} is a file; name a folder") from exc
    except OSError as exc:
        raise LocalProblem(f"cannot write to {visible(str(folder))}: {exc.strerror}") from exc
