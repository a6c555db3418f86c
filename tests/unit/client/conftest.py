"""A stand-in service, a client that does not really sleep, and the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from client.depth_client import DepthClient
from client.wire.retries import RetryPolicy
from tests.services.command_line import depthq  # noqa: F401 - a fixture
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
