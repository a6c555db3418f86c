"""`depthq` within the test's own process: a program of its own takes half a second to start."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Run:
    """How a run of the command line ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def depthq(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Run]:
    """Return a function that runs a command line, with settings in its environment."""
    from client.cli import main

    def run(*arguments: object, **settings: object) -> Run:
        capsys.readouterr()  # what was printed before is not the command's
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["depthq", *map(str, arguments)])
            patch.setenv("COLUMNS", "100")
            for name, value in settings.items():
                patch.setenv(f"DEPTHQ_{name.upper()}", str(value))
            with pytest.raises(SystemExit) as ended:
                main()
        printed = capsys.readouterr()
        return Run(int(ended.value.code or 0), printed.out, printed.err)

    return run
