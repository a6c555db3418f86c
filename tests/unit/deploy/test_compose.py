"""docker-compose.yml agrees with the code, and gives no container more rights than needed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contract.names.queues import Lane
from contract.settings import Settings
from tests.unit.deploy.conftest import Stage
from tests.waits import PATIENT_S

SETTINGS = {f"DEPTHQ_{name.upper()}" for name in Settings.model_fields}
OURS = ("api", "worker", "worker-bulk")
PUBLISHED = {"front", "grafana"}


def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return compose["services"]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(compose: dict[str, Any], name: str) -> None:
    given = set(services(compose)[name]["environment"])
    assert given <= SETTINGS, given - SETTINGS


@pytest.mark.parametrize("name", OURS)
def test_the_settings_accept_the_values(
    compose: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in services(compose)[name]["environment"].items():
        if value is not None:  # None: only what .env says
            given = re.sub(r"\$\{\w+:\?[^}]*\}", "from-env", value)
            monkeypatch.setenv(variable, re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", given))
    settings = Settings()
    assert settings.s3_bucket == "depthq"
    assert settings.s3_create_bucket is False


def test_each_lane_has_a_worker(compose: dict[str, Any]) -> None:
    commands = [
        s["command"] for s in services(compose).values() if "worker" in s.get("command", [])
    ]
    assert {command[-1] for command in commands} == {lane.value for lane in Lane}
    assert all(command[:4] == ["python", "-m", "worker", "--lane"] for command in commands)


@pytest.mark.parametrize("room", ["api", "worker"])
def test_the_commands_start_modules_that_exist(root: Path, room: str) -> None:
    assert (root / room / "__main__.py").is_file()


def test_no_container_is_privileged(compose: dict[str, Any]) -> None:
    for name, service in services(compose).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service), name


def test_orphaned_processes_are_waited_for(compose: dict[str, Any]) -> None:
    # a child whose parent is gone falls to process 1, which must not be a program that ignores it
    assert all(service["init"] is True for service in services(compose).values())


def test_no_two_services_build_one_tag(compose: dict[str, Any]) -> None:
    # Each build has its service's name in it: of two, each would replace the other at every `up`.
    built = [s["image"] for s in services(compose).values() if "build" in s]
    assert len(set(built)) == len(built)
    # and every image that is in no registry is built by one of them
    own = {s["image"] for s in services(compose).values() if s["image"].startswith("depthq")}
    assert set(built) == own


def test_every_container_is_bounded(compose: dict[str, Any]) -> None:
    for name, service in services(compose).items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert all("size=" in mount for mount in service.get("tmpfs", [])), name


@pytest.mark.parametrize("name", ["minio", "minio-init", "prometheus", "grafana"])
def test_programs_that_start_threads_by_the_machine_s_cores_have_room(
    compose: dict[str, Any], name: str
) -> None:
    # Go starts up to a thread for each core of the machine, not of the container, and some more
    assert services(compose)[name]["pids_limit"] >= 512


def test_only_the_front_is_published_and_on_loopback_unless_asked(compose: dict[str, Any]) -> None:
    for name, service in services(compose).items():
        assert ("ports" in service) == (name in PUBLISHED), name
        for port in service.get("ports", []):
            assert port.replace("${PUBLISH:-", "").startswith("127.0.0.1:"), name


def test_workers_and_stores_cannot_reach_the_outside(compose: dict[str, Any]) -> None:
    assert compose["networks"]["inside"]["internal"] is True
    for name in {*services(compose)} - PUBLISHED:
        assert services(compose)[name]["networks"] == ["inside"], name


def test_every_long_runner_tells_its_health(
    compose: dict[str, Any], images: dict[str, Stage]
) -> None:
    targets = {s["image"]: s["build"]["target"] for s in services(compose).values() if "build" in s}
    for name, service in services(compose).items():
        target = targets.get(service["image"])
        in_image = target in images and bool(images[target].all("HEALTHCHECK"))
        assert "healthcheck" in service or in_image, name


def test_a_stop_leaves_time_for_the_longest_request_and_the_work_in_hand(
    compose: dict[str, Any],
) -> None:
    grace = {name: s.get("stop_grace_period", "10s") for name, s in services(compose).items()}
    assert int(grace["api"][:-1]) > 60  # a long poll
    assert int(grace["worker"][:-1]) > Settings().decode_timeout_s * 2


def test_the_secrets_script_writes_every_variable_the_file_needs(
    root: Path, tmp_path: Path
) -> None:
    # Given a copy of the script in a tree without .env
    script = tmp_path / "deploy/new-env.sh"
    script.parent.mkdir()
    script.write_bytes((root / "deploy/new-env.sh").read_bytes())

    # When it runs twice
    first = subprocess.run(["sh", script], check=True, capture_output=True, timeout=PATIENT_S)
    second = subprocess.run(["sh", script], check=False, capture_output=True, timeout=PATIENT_S)

    # Then every variable is there, secrets are long, and the second run changes nothing
    lines = (tmp_path / ".env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    wanted = set(re.findall(r"\$\{(\w+)", (root / "docker-compose.yml").read_text()))
    assert wanted == set(given)
    assert all(len(v) >= 48 for k, v in given.items() if "PASSWORD" in k or "SECRET" in k)
    assert (first.returncode, second.returncode) == (0, 1)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["api", "worker-bulk"])
def test_the_largest_archive_is_kept_on_disk_not_in_memory(
    compose: dict[str, Any], name: str
) -> None:
    service = services(compose)[name]
    mounts = dict(volume.split(":")[1::-1] for volume in service["volumes"])
    assert mounts["/tmp"] in compose["volumes"]
    assert "tmpfs" not in service


def test_every_mounted_file_exists(compose: dict[str, Any], root: Path) -> None:
    for name, service in services(compose).items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = (
                (root / source).exists()
                if source.startswith("./")
                else source in compose["volumes"]
            )
            assert known, (name, volume)


def test_secrets_never_enter_the_repository_or_an_image(root: Path) -> None:
    assert ".env" in (root / ".gitignore").read_text().split()
    assert (root / ".dockerignore").read_text().split("\n")[1] == "*"
