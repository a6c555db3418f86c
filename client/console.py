"""What the commands say, where, and with which exit code."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from client.errors import ServiceUnreachable
from contract.errors import DepthqError, InvalidRequest

OK, SOME_FAILED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_COLORS = {"api": "cyan", "interactive": "green", "bulk": "yellow", "redis": "magenta"}


def say(sentence: str) -> None:
    """Tell the person something; never on stdout, which belongs to results."""
    err.print(Text(sentence))


def log_line(name: str, line: str) -> None:
    """Print a line of a child with its name before it."""
    err.print(Text(f"{name:<11} │ ", style=_COLORS.get(name, "")).append(line, style="default"))


def say_json(document: Any) -> None:
    """Print one JSON document on one line of stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def complain(error: DepthqError) -> int:
    """Print the error as one sentence and return the exit code that fits it."""
    err.print(Text("depthq: ", style="bold red").append(error.message, style="default"))
    return exit_code_of(error)


def exit_code_of(error: DepthqError) -> int:
    """Return the exit code for a command that failed with `error`."""
    if isinstance(error, ServiceUnreachable):
        return UNREACHABLE
    if isinstance(error, InvalidRequest) and error.code == "invalid_request":
        return USAGE
    return SOME_FAILED
