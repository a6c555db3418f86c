"""Output of the commands: texts, streams and exit codes."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from client.errors import ServiceUnreachable
from client.plain import is_unseen, visible
from contract.errors import DepthqError, InvalidRequest

OK, SOME_FAILED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130


class _Console(Console):
    """The library's, which would end the program where the reader of its output has gone."""

    def on_broken_pipe(self) -> None:
        """Leave that to the command: it knows whether anything is left undone."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


out = _Console(highlight=False, soft_wrap=True)
err = _Console(stderr=True, highlight=False, soft_wrap=True)

_COLORS = {"api": "cyan", "interactive": "green", "bulk": "yellow", "redis": "magenta"}


def prepare() -> None:
    """Escape characters that the terminal's encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(sentence: str) -> None:
    """Tell the person something; never on stdout, which belongs to results."""
    err.print(Text(visible(sentence, keep="\n")))


def tell(line: str) -> None:
    """Print one line of results on stdout, as it is: no markup, no control characters.

    Where both streams are the terminal it goes there by way of `err`, which has the progress bar:
    two consoles would write into one line.
    """
    both = sys.stdout.isatty() and sys.stderr.isatty()
    (err if both else out).print(Text(visible(line)))


def log_line(name: str, line: str) -> None:
    """Print a line of a child with its name before it."""
    head = Text(f"{name:<11} │ ", style=_COLORS.get(name, ""))
    err.print(head.append(visible(line), style="default"))


def say_json(document: Any) -> None:
    """Print one JSON document on one line of stdout."""
    text = json.dumps(document, ensure_ascii=False, default=str)
    text = "".join(f"\\u{ord(c):04x}" if is_unseen(c) else c for c in text)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(document, default=str)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(error: DepthqError) -> int:
    """Print the error as one sentence and return its exit code."""
    head = Text("depthq: ", style="bold red")
    err.print(head.append(visible(error.message), style="default"))
    return exit_code_of(error)


def exit_code_of(error: DepthqError) -> int:
    """Return the exit code for a command that failed with `error`."""
    if isinstance(error, ServiceUnreachable):
        return UNREACHABLE
    if isinstance(error, InvalidRequest) and error.code == "invalid_request":
        return USAGE
    return SOME_FAILED
