"""Writes docs/configuration.md from contract/setting_groups/: `python -m client.settings_table`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from contract.settings import GROUPS, MIB, Settings

DOCUMENT = Path(__file__).parent.parent / "docs" / "configuration.md"
INTRODUCTION = """# Configuration

Every setting is an environment variable. Without any of them, everything runs on this machine and
keeps its files in `depthq-data/`. A wrong value stops a program at its start, by name.

This page is made from `contract/setting_groups/`: change that, then run
`python -m client.settings_table`.
"""


def render() -> str:
    """Return the document."""
    parts = [INTRODUCTION]
    for heading, names in _sections():
        rows = [_row(name, Settings.model_fields[name]) for name in names]
        table = ["| variable | value | default | meaning |", "|---|---|---|---|", *rows]
        parts.append(f"## {heading[0].upper()}{heading[1:]}\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, list[str]]]:
    """Yield heading and setting names of each group."""
    for group in GROUPS:
        yield group.heading, list(group.model_fields)


def _row(name: str, setting: FieldInfo) -> str:
    cells = (
        f"`DEPTHQ_{name.upper()}`",
        _kind(setting.annotation),
        _default(setting.default),
        setting.description or "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kind(annotation: Any) -> str:
    """Return what a value of that type looks like in the environment."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, UnionType):
        return _kind(next(a for a in arguments if a is not type(None)))
    if origin is tuple:
        return f"list: {_kind(arguments[0])}"
    plain = {bool: "`true`, `false`", int: "whole number", float: "number", SecretStr: "secret"}
    return plain.get(annotation, "path" if annotation is Path else "text")


def _default(value: Any) -> str:
    if value is None or value == ():
        return "unset"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and value >= MIB and value % MIB == 0:
        units = value // MIB
        said = f"{units // 1024} GiB" if units % 1024 == 0 else f"{units} MiB"
        return f"`{value}` ({said})"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    return f"`{value}`"


def main() -> int:
    """Write the document; with --check, only tell whether it is current."""
    if "--check" in sys.argv[1:]:
        return int(not DOCUMENT.is_file() or DOCUMENT.read_text(encoding="utf-8") != render())
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
