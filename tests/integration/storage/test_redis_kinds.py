"""Redis with TLS, with a password, as a cluster, and one that evicts: errors name each."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request

import httpx2
import pytest
from redis import Redis

from client.errors import LocalProblem
from client.local import redis_probe
from client.local.doctor_stores import look_at_stores
from client.local.stack import LocalStack, Plan
from contract.errors import InvalidRequest, StorageUnavailable
from contract.settings import Settings
from contract.startup import WRONG_SETTINGS
from storage.broker.settings import check_broker
from storage.ledger.connection import (
    NO_CLUSTER,
    NOT_TRUSTED,
    WRONG_PASSWORD,
    open_redis,
    redis_errors,
)
from storage.ledger.health import shortcomings, warn_if_unsuitable
from tests.services.depthq import ROOT, ApiProcess, WorkerProcess, environment_of
from tests.services.process import free_port
from tests.services.tls import Certificates, TlsFront, make_certificates
from tests.services.valkey import ValkeyServer, find_valkey
from tests.unit.api.fakes import jpeg
from tests.waits import PATIENT_S, wait_until


@pytest.fixture(scope="module")
def certificates(services_folder) -> Certificates:
    return make_certificates(services_folder / "redis-certificates")


@pytest.fixture
def front(valkey, certificates):
    front = TlsFront(valkey.port, certificates)
    yield front
    front.close()


@pytest.fixture
def with_tls(front, certificates, tmp_path) -> Settings:
    return Settings(
        redis_url=f"rediss://127.0.0.1:{front.port}/0",
        redis_ca_file=certificates.ca,
        data_dir=tmp_path / "data",
        engine="simulated",
    )


def ping(settings: Settings) -> bool:
    with redis_errors(), open_redis(settings) as redis:
        return bool(redis.ping())


def probed(settings: Settings) -> str | None:
    return redis_probe.answers(settings.redis_url, ca_file=settings.redis_ca_file)


def found(what: str, settings: Settings) -> list[tuple[str, str]]:
    return [(each.level, each.message) for each in look_at_stores(settings) if each.what == what]


def test_every_client_of_redis_speaks_tls_where_the_scheme_says_so(with_tls):
    assert ping(with_tls)
    check_broker(with_tls)
    assert probed(with_tls) is None
    assert found("redis", with_tls) == [("ok", "DEPTHQ_REDIS_URL answers (127.0.0.1)")]


def test_the_local_stack_uses_a_redis_with_tls_that_was_named(with_tls):
    stack = LocalStack(Plan(with_tls), print, print)
    assert stack._start_redis(with_tls.data_dir, lambda: False) == with_tls.redis_url
    stranger = with_tls.model_copy(update={"redis_ca_file": None})
    with pytest.raises(LocalProblem, match="not trusted"):
        LocalStack(Plan(stranger), print, print)._start_redis(with_tls.data_dir, lambda: False)


def test_a_certificate_that_is_not_trusted_is_told_as_that_by_every_client(with_tls):
    settings = with_tls.model_copy(update={"redis_ca_file": None})
    for reach in (ping, check_broker):
        with pytest.raises(StorageUnavailable) as refused:
            reach(settings)
        assert refused.value.message == NOT_TRUSTED
    assert "not trusted" in (probed(settings) or "")


def test_a_job_is_done_by_way_of_redis_with_tls(with_tls, tmp_path):
    api, worker = ApiProcess(with_tls, tmp_path / "api"), WorkerProcess(with_tls, tmp_path / "work")
    try:
        api.start()
        worker.start()
        with httpx2.Client(base_url=api.url, timeout=PATIENT_S) as client:
            made = client.post("/v1/jobs", content=jpeg(), headers={"Content-Type": "image/jpeg"})
            ended = client.get(f"{made.headers['Location']}?wait=20").json()
            ready = client.get("/readyz").json()
    finally:
        worker.stop()
        api.stop()
    assert (made.status_code, ended["state"]) == (202, "succeeded")
    assert ready["checks"]["broker"]["ok"] is True


@pytest.fixture
def wrong_password(valkey, redis):
    redis.config_set("requirepass", "right")
    with Redis.from_url(valkey.url.replace("//", "//:right@")) as admin:
        yield Settings(redis_url=valkey.url.replace("//", "//:wrong-word@"))
        admin.config_set("requirepass", "")


def test_a_wrong_password_is_told_as_that_by_every_client(wrong_password, valkey):
    for settings in (wrong_password, Settings(redis_url=valkey.url)):
        for reach in (ping, check_broker):
            with pytest.raises(StorageUnavailable) as refused:
                reach(settings)
            assert refused.value.message == WRONG_PASSWORD
            assert "wrong-word" not in str(refused.value)
        assert probed(settings) == redis_probe.WRONG_PASSWORD
    assert found("redis", wrong_password) == [("problem", WRONG_PASSWORD)]


@pytest.mark.parametrize(
    ("policy", "warned"),
    [("allkeys-lru", True), ("allkeys-random", True), ("noeviction", False)],
)
def test_a_redis_that_may_forget_jobs_is_warned_of_at_start_and_by_the_doctor(
    valkey, redis, caplog, policy, warned
):
    redis.config_set("maxmemory-policy", policy)
    try:
        assert [policy in each for each in shortcomings(redis)] == [True] * warned
        warn_if_unsuitable(redis)
        assert (f"maxmemory-policy {policy}" in caplog.text) is warned
        (level, _), *others = found("redis", Settings(redis_url=valkey.url))
        assert (level, others) == ("note" if warned else "ok", [])
    finally:
        redis.config_set("maxmemory-policy", "noeviction")


def test_a_redis_that_is_away_at_the_start_is_only_said(caplog, redis_url, valkey):
    valkey.kill()
    with open_redis(Settings(redis_url=redis_url)) as redis:
        warn_if_unsuitable(redis)
    assert "Redis does not answer" in caplog.text


class ClusterServer(ValkeyServer):
    bus = free_port()

    def command(self):
        # its bus would be at 10,000 more, which high ports have no room for
        return [*super().command(), "--cluster-enabled", "yes", "--cluster-port", str(self.bus)]


@pytest.fixture(scope="module")
def cluster(services_folder):
    server = ClusterServer(find_valkey() or "", services_folder / "cluster")
    server.start()
    yield server
    server.stop()


def test_a_cluster_is_refused_in_one_clear_line(cluster):
    settings = Settings(redis_url=cluster.url)
    with open_redis(settings) as redis, pytest.raises(InvalidRequest, match="not supported"):
        warn_if_unsuitable(redis)
    with pytest.raises(StorageUnavailable) as outage, redis_errors(), open_redis(settings) as redis:
        redis.get("a")
    assert outage.value.message == NO_CLUSTER
    assert found("redis", settings) == [("problem", NO_CLUSTER)]


@pytest.mark.parametrize("module", ["api", "worker"])
def test_programs_end_at_once_and_for_good_before_a_cluster(cluster, tmp_path, module):
    settings = Settings(redis_url=cluster.url, data_dir=tmp_path, engine="simulated", port=0)
    ran = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, **environment_of(settings), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=PATIENT_S,
    )  # fmt: skip
    assert ran.returncode == WRONG_SETTINGS
    assert "Redis is a cluster, which is not supported" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_readiness_says_what_is_wrong_with_redis_and_nothing_secret(wrong_password, tmp_path):
    settings = wrong_password.model_copy(update={"data_dir": tmp_path, "port": 0})
    api = ApiProcess(settings, tmp_path / "api")
    api.is_ready = lambda: api.status("/healthz") == 200
    try:
        api.start()
        wait_until(lambda: api.status("/readyz") == 503, "it says that it is not ready")
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(api.url + "/readyz", timeout=PATIENT_S)
        said = answer.value.read().decode()
    finally:
        api.stop()
    assert WRONG_PASSWORD in said
    assert "wrong-word" not in said + api.log_path.read_text()
