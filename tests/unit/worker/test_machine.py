"""The cores this process is given: affinity and cgroup quotas, whichever is least."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from worker.machine import cores_given, machine_id, processor


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_cgroups_the_affinity_counts(tmp_path: Path) -> None:
    assert cores_given(tmp_path, tmp_path / "none") == 8


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("10000 100000", 1),
        ("max 100000", 8),
        ("1600000 100000", 8),
    ],
)
def test_a_quota_is_rounded_up(tmp_path: Path, quota: str, cores: int) -> None:
    own = put(tmp_path / "own", "0::/pod\n")
    put(tmp_path / "pod/cpu.max", quota)
    assert cores_given(tmp_path, own) == cores


def test_the_tightest_quota_around_us_counts(tmp_path: Path) -> None:
    own = put(tmp_path / "own", "0::/pod/worker\n")
    put(tmp_path / "pod/cpu.max", "300000 100000")
    put(tmp_path / "pod/worker/cpu.max", "max 100000")
    assert cores_given(tmp_path, own) == 3


def test_in_a_container_the_root_is_ours(tmp_path: Path) -> None:
    own = put(tmp_path / "own", "0::/a/path/of/the/host\n")
    put(tmp_path / "cpu.max", "400000 100000")
    assert cores_given(tmp_path, own) == 4


def test_the_first_version_of_cgroups_counts_too(tmp_path: Path) -> None:
    own = put(tmp_path / "own", "4:cpu,cpuacct:/pod\n1:name=systemd:/\n")
    put(tmp_path / "cpu/pod/cpu.cfs_quota_us", "100000")
    put(tmp_path / "cpu/pod/cpu.cfs_period_us", "100000")
    assert cores_given(tmp_path, own) == 1


def test_containers_of_one_machine_share_its_name_though_not_their_host_names(tmp_path):
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("5b3e\n")
    assert machine_id(boot_id) == "5b3e"


def test_a_machine_without_a_boot_id_goes_by_its_host_name(tmp_path):
    assert machine_id(tmp_path / "absent") == socket.gethostname()


def test_a_processor_is_told_by_family_and_model_not_by_its_name_alone(tmp_path):
    info = put(
        tmp_path / "cpuinfo",
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
        "model name\t: AMD EPYC\n\nprocessor\t: 1\nvendor_id\t: Other\n",
    )
    assert processor(info) == "AuthenticAMD 25 17 AMD EPYC"
    assert processor(tmp_path / "absent") == ""
