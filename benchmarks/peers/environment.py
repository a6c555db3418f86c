"""The peers' own virtual environment, made on demand; it also sees the project's packages."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from benchmarks.machine import ROOT

FOLDER = ROOT / ".cache" / "peers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
INSTALL_S = 300


class PeerMissing(Exception):  # noqa: N818 - says what is the matter better
    """A peer's packages cannot be installed here."""


def python_with(package: str) -> str:
    """Return the interpreter that has `package` in its pinned version; PeerMissing if none can."""
    pinned = next(
        line for line in REQUIREMENTS.read_text().splitlines() if line.startswith(f"{package}==")
    )
    folder = FOLDER / pinned
    program = folder / "bin" / "python"
    if not (folder / "complete").exists():
        _make(folder, pinned)
    return str(program)


def _make(folder: Path, pinned: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    _run(str(uv), "venv", "--clear", "--quiet", "--python", sys.executable, str(folder))
    python = str(folder / "bin" / "python")
    _run(str(uv), "pip", "install", "--quiet", "--python", python, pinned)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    ours = sysconfig.get_paths()["purelib"]
    # a .pth entry comes after the environment's own packages, so a peer's pins win
    (folder / "lib" / version / "site-packages" / "project.pth").write_text(ours + "\n")
    (folder / "complete").touch()


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
    except subprocess.CalledProcessError as exc:
        raise PeerMissing(exc.stderr.strip()[-300:]) from exc
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise PeerMissing(str(exc)) from exc
