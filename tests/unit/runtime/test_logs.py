"""Untrusted text is cut in logs, begins no line of its own, and is no command to a terminal."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from runtime.logs import JsonFormatter, TextFormatter
from runtime.printable import printable

FORGED = "/v1/x\n12:00:00 INFO    api: all is well\x1b[2J\x1b]0;title\x07\u202e\u2028\x9b31m"
KINDS = (TextFormatter(), JsonFormatter())


def record(message: str = "%s", error: bool = False, **extras: object) -> logging.LogRecord:
    try:
        if error:
            raise ValueError(FORGED)
        raised = None
    except ValueError:
        raised = sys.exc_info()
    made = logging.LogRecord("api", logging.INFO, __file__, 1, message, (FORGED,), raised)
    vars(made).update(extras)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_one_line_without_commands(kind: logging.Formatter) -> None:
    line = kind.format(record(path=FORGED))
    assert line.isprintable(), line
    assert "all is well" in line


def test_a_readable_line_says_what_was_there() -> None:
    line = TextFormatter().format(record())
    assert r"/v1/x\n12:00:00 INFO    api: all is well\x1b[2J" in line


def test_a_traceback_keeps_its_lines_and_none_looks_like_a_record() -> None:
    first, *rest = TextFormatter().format(record(error=True)).split("\n")
    assert first.endswith("\\x9b31m")
    assert len(rest) > 3
    assert all(line.startswith("    ") and line.isprintable() for line in rest)


@pytest.mark.parametrize("kind", KINDS)
def test_untrusted_text_is_cut(kind: logging.Formatter) -> None:
    made = record(path="y" * 100_000)
    made.args = ("x" * 100_000,)
    length = len(kind.format(made))  # the line itself would be compared for minutes
    assert length < 10_000


def test_a_json_line_holds_the_very_text() -> None:
    assert json.loads(JsonFormatter().format(record(path="a\x7f\nb")))["path"] == "a\x7f\nb"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ä 深", "plain – ä 深"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\r\x00\x7f", r"a\nb\r\x00\x7f"),
        ("\u202egnp", r"\u202egnp"),
        ("\udc80", r"\udc80"),
    ],
)
def test_what_is_not_seen_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
