"""A result on stdout, for another program: `-o -`."""

from __future__ import annotations

import sys

from contract.errors import InvalidRequest
from contract.outputs.registry import OUTPUTS

PIPE = "-"
_READABLE = ("text/", "application/json")


def check_piped(out: str | None, output: str) -> None:
    """Raise InvalidRequest if `output` would go to a terminal, and is nothing to read."""
    if out != PIPE or not sys.stdout.isatty():
        return
    declared = OUTPUTS.get(output)  # the service knows what is none
    types = declared.types.values() if declared else ()
    if not all(kind.media_type.startswith(_READABLE) for kind in types):
        raise InvalidRequest("-o - writes a file's bytes: pipe or redirect them, or name a file")


def write_out(data: bytes) -> None:
    """Write to stdout, at once; on a terminal what is typed next begins a line."""
    sys.stdout.buffer.write(data)
    if sys.stdout.isatty():
        sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
