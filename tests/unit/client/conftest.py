"""A stand-in service, a client that does not really sleep, and the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from client.cli import main
from client.depth_client import DepthClient
from client.wire.retries import RetryPolicy
from tests.services.fake_api import FakeApi, fake_api


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    """The waits between tries, in seconds."""
    return []


@pytest.fixture
def client(api: FakeApi, slept: list[float]) -> Iterator[DepthClient]:
    with DepthClient(api.url, retries=RetryPolicy(attempts=4, sleep=slept.append)) as opened:
        yield opened


@dataclass(frozen=True)
class Run:
    """How a run of the command line ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def depthq(monkeypatch, capsys):
    """Run the command line within this process; a program of its own starts in a second."""

    def run(*arguments: object, **settings: object) -> Run:
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
