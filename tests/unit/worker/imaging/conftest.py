"""One decoder for the tests that only read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pictures import EXTRA
from worker.imaging.decoder import Decoder

FAKE = (sys.executable, "-m", "tests.unit.worker.imaging.fake_children")
LIMITS: dict[str, Any] = {
    "processes": 1,
    "memory_bytes": 1024 * 1024 * 1024,
    "timeout_s": 60.0,
    "max_pixels": 120_000_000,
    "max_side_px": 4096,
    "extra_formats": (),
}


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    """A decoder with the default limits and formats."""
    yield from running(**LIMITS)


@pytest.fixture(scope="session")
def all_formats_decoder() -> Iterator[Decoder]:
    """A decoder that accepts the extra formats too."""
    yield from running(**{**LIMITS, "extra_formats": EXTRA})


def running(**limits: Any) -> Iterator[Decoder]:
    """A started decoder, stopped afterwards."""
    decoder = Decoder(**limits)
    decoder.start()
    decoder.wait_until_ready()
    yield decoder
    decoder.stop()


def fake(**changes: object) -> Decoder:
    """A decoder, not started, whose children are those of `fake_children`."""
    limits = {**LIMITS, "max_side_px": 10**7, "command": FAKE, "timeout_s": 3.0}
    return Decoder(**{**limits, **changes})
