"""Secrets appear nowhere: neither in logs at DEBUG nor in answers."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from redis import Redis

from contract.settings import Settings
from tests.conftest import new_bucket
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.s3server import S3Server
from tests.services.valkey import ValkeyServer
from tests.unit.api.fakes import jpeg
from tests.waits import PATIENT_S

REDIS_PASSWORD = "red15-pa55-distinct"
API_KEY = "ap1-key-d1stinct-0001"
WEBHOOK_KEY = b"webhook-key-distinct-000000001"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(WEBHOOK_KEY).decode()


@dataclass
class Secretive:
    """A running service whose every secret is known to the test."""

    settings: Settings
    api: ApiProcess
    worker: WorkerProcess
    valkey: ValkeyServer
    s3: S3Server
    said: list[str]

    @property
    def secrets(self) -> set[str]:
        kept = self.settings.s3_secret_access_key
        return {
            REDIS_PASSWORD,
            API_KEY,
            WEBHOOK_SECRET,
            WEBHOOK_SECRET.removeprefix("whsec_"),
            *({kept.get_secret_value()} if kept else ()),
        }

    def leaks(self, text: str) -> list[str]:
        return sorted(secret for secret in self.secrets if secret in text)


@pytest.fixture
def service(valkey: ValkeyServer, redis: Redis, s3: S3Server, tmp_path: Path) -> Iterator:
    """The API and a worker at DEBUG, with a password on Redis."""
    redis.acl_setuser(
        "depthq", enabled=True, reset=True, passwords=[f"+{REDIS_PASSWORD}"],
        keys=["*"], channels=["*"], commands=["+@all"],
    )  # fmt: skip
    settings = s3.settings(
        new_bucket(),
        redis_url=f"redis://depthq:{REDIS_PASSWORD}@127.0.0.1:{valkey.port}/0",
        data_dir=tmp_path / "data",
        engine="simulated",
        api_keys=API_KEY,
        webhook_secret=WEBHOOK_SECRET,
        url_sources=True,
        log_level="DEBUG",
    )
    api, worker = ApiProcess(settings, tmp_path / "api"), WorkerProcess(settings, tmp_path / "work")
    try:
        api.start()
        worker.start()
        yield Secretive(settings, api, worker, valkey, s3, [])
    finally:
        valkey.thaw()
        s3.thaw()
        worker.stop()
        api.stop()
        redis.acl_deluser("depthq")


def exercise(service: Secretive) -> None:
    """Do what is done with the service, right and wrong, and note every answer."""
    with httpx2.Client(base_url=service.api.url, timeout=PATIENT_S) as client:

        def call(method: str, path: str, key: str = API_KEY, **more: object) -> httpx2.Response:
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "image/jpeg"}
            answer = client.request(method, path, headers=headers, **more)
            service.said.append(f"{dict(answer.headers)}\n{answer.text}")
            return answer

        made = call("POST", "/v1/jobs?webhook_url=https://hooks.example.invalid/", content=jpeg())
        assert made.status_code == 202, made.text
        url = made.headers["Location"]
        assert call("GET", f"{url}?wait=30").json()["state"] == "succeeded"
        call("GET", f"{url}/outputs/depth")
        call("GET", f"{url}/events")
        call("POST", "/v1/jobs", content=b"no picture")
        call("POST", "/v1/jobs", key="wr0ng-key-distinct", content=jpeg())
        call("POST", "/v1/jobs?webhook_url=nonsense", content=jpeg())
        call("GET", "/v1/nothing")
        for path in ("/metrics", "/version", "/readyz", "/healthz", "/openapi.json", "/v1/models"):
            call("GET", path)
        service.s3.freeze()
        assert call("POST", "/v1/jobs", content=jpeg()).status_code == 503
        call("GET", "/readyz")
        service.s3.thaw()
        service.valkey.kill()
        assert call("POST", "/v1/jobs", content=jpeg()).status_code == 503
        call("GET", "/readyz")
        service.valkey.start()
        call("DELETE", url)


def test_no_secret_is_ever_said(service: Secretive) -> None:
    exercise(service)
    logs = {
        each.name: each.log_path.read_text(errors="replace")
        for each in (service.api, service.worker)
    }
    assert '"debug"' in logs["api"] + logs["worker"]  # else nothing was looked at
    for text in (*logs.values(), *service.said):
        assert service.leaks(text) == []
    assert "wr0ng-key-distinct" not in logs["api"]


def test_no_command_shows_a_secret(tmp_path: Path) -> None:
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "DEPTHQ_DEBUG": "1",
        "DEPTHQ_REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1:1/0",
        "DEPTHQ_API_KEYS": API_KEY,
        "DEPTHQ_API_KEY": API_KEY,
        "DEPTHQ_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "DEPTHQ_URL": "http://127.0.0.1:1",
    }
    for arguments in (["doctor"], ["--help"], ["status", "20260101-" + "a" * 26]):
        ran = subprocess.run(
            [str(Path(sys.executable).with_name("depthq")), *arguments],
            env=variables, capture_output=True, text=True, check=False, timeout=PATIENT_S,
        )  # fmt: skip
        for secret in (REDIS_PASSWORD, API_KEY, WEBHOOK_SECRET):
            assert secret not in ran.stdout + ran.stderr


def test_settings_show_no_secret_of_their_own() -> None:
    settings = Settings(
        redis_url=f"redis://:{REDIS_PASSWORD}@h/0", api_keys=API_KEY, webhook_secret=WEBHOOK_SECRET,
        s3_access_key_id="id", s3_secret_access_key="s3-secret-distinct", api_key=API_KEY,
    )  # fmt: skip
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        for secret in (API_KEY, WEBHOOK_SECRET, "s3-secret-distinct"):
            assert secret not in text


@pytest.mark.parametrize("module", ["api", "worker"])
def test_a_wrong_secret_is_not_shown_in_why_it_is_wrong(module: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", module],
        env={
            "DEPTHQ_REDIS_URL": f"nonsense://:{REDIS_PASSWORD}@h/0",
            "DEPTHQ_WEBHOOK_SECRET": "whsec_n0t-base64-distinct!",
            "DEPTHQ_DATA_DIR": str(tmp_path),
            "DEPTHQ_ENGINE": "simulated",
            "DEPTHQ_PORT": "0",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT_S,
    )
    assert ran.returncode != 0
    for secret in (REDIS_PASSWORD, "n0t-base64-distinct"):
        assert secret not in ran.stdout + ran.stderr
