"""Hints name the program as a person can type it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from client.local.program import program


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "checkout" / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "depthq").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return folder


def test_it_is_its_name_where_a_shell_finds_it(installed, monkeypatch):
    monkeypatch.setenv("PATH", str(installed))
    assert program() == "depthq"


def test_it_is_the_short_path_in_its_own_checkout(installed, monkeypatch):
    monkeypatch.chdir(installed.parent.parent)
    assert program() == ".venv/bin/depthq"


def test_it_is_the_whole_path_elsewhere(installed, monkeypatch, tmp_path):
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    assert program() == str(installed / "depthq")
