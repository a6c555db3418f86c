"""The real front with keys: who has none is refused on the head, before anything is taken."""

from __future__ import annotations

import pytest

from contract.settings import Settings
from tests.integration.api.live import ApiProcess
from tests.integration.api.slow_clients import ask


@pytest.fixture
def api(redis_url, tmp_path):
    settings = Settings(redis_url=redis_url, data_dir=tmp_path / "data", api_keys="anna")
    process = ApiProcess(settings, tmp_path)
    process.start()
    yield process
    process.stop()


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/datasets"])
def test_a_body_is_not_even_asked_for_without_a_key(api, path):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n"
        "Expect: 100-continue\r\n"
    )
    assert ask("127.0.0.1", api.port, f"{head}\r\n".encode()) == 401
    assert ask("127.0.0.1", api.port, f"{head}Authorization: Bearer anna\r\n\r\n".encode()) == 100
