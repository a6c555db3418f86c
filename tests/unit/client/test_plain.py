"""Untrusted text on the terminal: shown, never obeyed, never lost."""

from __future__ import annotations

import io
import json
import sys

import pytest

from client import console
from client.plain import visible
from contract.errors import DepthqError

HOSTILE = "s3://b/\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202egpj.exe\u2066\u2028\udce4.jpg"
SHOWN = r"s3://b/\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202egpj.exe\u2066\u2028\udce4.jpg"


@pytest.fixture
def printed(capsys):
    def of(tell) -> str:
        tell()
        captured = capsys.readouterr()
        return captured.out + captured.err

    return of


def test_control_and_direction_characters_become_escapes():
    assert visible(HOSTILE) == SHOWN
    assert visible(HOSTILE).isprintable()


@pytest.mark.parametrize(
    "text",
    ["naïve 日本 🙂", "3.10.00\N{NARROW NO-BREAK SPACE}PM", "a\N{NO-BREAK SPACE}b",
     "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}", "\N{HEBREW LETTER ALEF}"],
)  # fmt: skip
def test_what_can_be_seen_stays_as_it_is(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    "tell",
    [
        lambda: console.tell(HOSTILE),
        lambda: console.complain(DepthqError(HOSTILE)),
        lambda: console.log_line("api", HOSTILE),
    ],
)
def test_no_line_of_the_console_lets_a_control_character_through(printed, tell):
    line = printed(tell)
    assert line.rstrip("\n").endswith(SHOWN)
    assert line.count("\n") == 1


def test_a_sentence_of_ours_may_have_several_lines(printed):
    assert printed(lambda: console.say("one\ntwo \x1b[1m")) == "one\ntwo \\x1b[1m\n"


def test_signs_that_mean_markup_elsewhere_are_printed(printed):
    assert printed(lambda: console.tell("[/red] [bold] :cat: x")) == "[/red] [bold] :cat: x\n"


def test_json_is_whole_and_shows_no_control_character(printed):
    line = printed(lambda: console.say_json({"uri": HOSTILE, "name": "日本"}))
    assert json.loads(line) == {"uri": HOSTILE, "name": "日本"}
    assert "日本" in line
    assert line.rstrip("\n").isprintable()


def test_a_terminal_that_knows_few_letters_loses_nothing(monkeypatch):
    streams = [io.TextIOWrapper(io.BytesIO(), "cp1252") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    console.prepare()
    console.tell("Ωmega 日.jpg  20260131-abc  out/é.png")
    console.say("日 failed")
    console.say_json({"file": "🙂 日.jpg"})
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode("cp1252") for stream in streams)
    first, second = out.splitlines()
    assert first == r"\u03a9mega \u65e5.jpg  20260131-abc  out/é.png"
    assert json.loads(second) == {"file": "🙂 日.jpg"}
    assert err == "\\u65e5 failed\n"
