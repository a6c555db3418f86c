"""While a store hangs, a client is answered within ten seconds; afterwards it is served."""

from __future__ import annotations

import time

import httpx2
import pytest

from tests.chaos.rig import ANSWERED_S
from tests.conftest import new_bucket
from tests.photographs import crops
from tests.services.depthq import ApiProcess
from tests.waits import PATIENT_S


@pytest.fixture
def api(valkey, s3, tmp_path):
    settings = s3.settings(new_bucket(), redis_url=valkey.url, data_dir=tmp_path / "data")
    process = ApiProcess(settings, tmp_path / "api")
    process.start()
    yield process
    process.stop()


def submit(api):
    began = time.monotonic()
    with httpx2.Client(base_url=api.url, timeout=PATIENT_S) as client:
        reply = client.post("/v1/jobs", content=next(crops(1)))
    return reply, time.monotonic() - began


@pytest.mark.chaos
@pytest.mark.parametrize("frozen", ["s3", "valkey"])
def test_a_frozen_store_is_answered_with_503_in_time(api, frozen, request):
    server = request.getfixturevalue(frozen)
    if server.name == "DEPTHQ_TEST_S3_ENDPOINT":
        pytest.skip("not ours to freeze")
    assert submit(api)[0].status_code == 202
    time.sleep(1)  # what the API remembers of its backlog is out of date
    server.freeze()
    try:
        answers = [submit(api) for _ in range(2)]
    finally:
        server.thaw()
    assert [reply.status_code for reply, _ in answers] == [503, 503]
    assert all("Retry-After" in reply.headers for reply, _ in answers)
    assert max(seconds for _, seconds in answers) < ANSWERED_S
    assert submit(api)[0].status_code == 202
