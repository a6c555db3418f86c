"""Schemathesis against the real process, with a worker that the test plays.

Its phases are functions of their own. They are bounded by examples, not by time: with `--max-time`
a run goes on until the time is over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from contract.settings import Settings
from tests.integration.api.live import ApiProcess
from tests.integration.api.schema.playing import playing_worker
from tests.integration.api.schema.program import run_schemathesis

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="package")
def api(valkey_session, tmp_path_factory) -> Iterator[ApiProcess]:
    """An API with a worker, started once for all phases."""
    valkey_session.start_empty()
    folder = tmp_path_factory.mktemp("schema")
    settings = Settings(
        redis_url=valkey_session.url, data_dir=folder / "data", webhook_secret=SECRET
    )
    process = ApiProcess(settings, folder / "api")
    process.start()
    try:
        with playing_worker(settings):
            yield process
    finally:
        process.stop()


@dataclass(frozen=True)
class Report:
    """What schemathesis says at its end."""

    operations: int
    cases: int


@pytest.fixture
def schemathesis(api, tmp_path):
    """Run some of its phases on some of the operations: no violation may be found."""

    def run(phase: str, *choice: str, examples: int = 10, seed: int = 1) -> Report:
        code, said = run_schemathesis(
            [
                "run", f"{api.url}/openapi.json",
                f"--phases={phase}", f"--max-examples={examples}", f"--seed={seed}", *choice,
                "--request-timeout=150", "--no-color", "--generation-database=none",
                # That bytes of the right type are an image is beyond what a schema can say.
                "--exclude-checks=positive_data_acceptance",
            ],
            tmp_path, timeout_s=840,
        )  # fmt: skip
        assert code == 0, said[-8000:]
        assert "Unresolvable references" not in said, said[-8000:]
        return Report(
            int(re.search(r"Tested: (\d+)", said)[1]),
            int(re.search(r"(\d+) generated", said)[1]),
        )

    return run
