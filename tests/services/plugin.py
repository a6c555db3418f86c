"""Packages as an installer leaves them: modules and a dist-info, in a folder for PYTHONPATH."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def install(
    folder: Path,
    name: str,
    modules: Mapping[str, str],
    entries: Mapping[str, str],
    group: str = "depthq.outputs",
) -> None:
    """Put the package `name` 1.0 into `folder`, with its entry points of `group`."""
    about = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    about.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{entry} = {value}" for entry, value in entries.items()]
    about.joinpath("entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
    for module, text in modules.items():
        folder.joinpath(f"{module}.py").write_text(text)


def environment_with(folder: Path, root: Path) -> dict[str, str]:
    """Return this process's environment with the packages of `folder`."""
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{root}", "COLUMNS": "200"}
