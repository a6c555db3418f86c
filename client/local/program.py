"""What a person has to type to run this program: `depthq`, or the path where it is not on PATH."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def program() -> str:
    """Return `depthq` if a shell finds it, else where it is, short where that is below here."""
    installed = Path(sys.executable).with_name("depthq")
    if shutil.which("depthq") or not installed.is_file():
        return "depthq"
    below = os.path.relpath(installed)
    return str(installed) if below.startswith(os.pardir) else below
