"""The doctor finds what is missing and says how to get it."""

from __future__ import annotations

import socket
import subprocess
from collections import Counter
from functools import cache
from types import SimpleNamespace

import pytest

from client.local import doctor, local_redis
from client.local.ports import any_free
from client.local.program import program
from contract.settings import Settings
from tests.waits import PATIENT_S


@cache
def asked_once(*command: str) -> subprocess.CompletedProcess:
    """Run one of the programs that the doctor asks; they say the same each time."""
    text = "worker.confine.seccomp" in command
    return subprocess.run(command, capture_output=True, check=True, text=text, timeout=PATIENT_S)


@pytest.fixture(autouse=True)
def programs_are_asked_once(monkeypatch):
    answers = SimpleNamespace(
        run=lambda command, **_how: asked_once(*command),
        SubprocessError=subprocess.SubprocessError,
    )
    monkeypatch.setattr(doctor, "subprocess", answers)


def finding(what: str, **settings: object) -> doctor.Finding:
    return findings(**settings)[what]


def findings(**settings: object) -> dict[str, doctor.Finding]:
    found = doctor.examine(Settings(**settings))
    often = Counter(each.what for each in found)
    return {each.what: each for each in found if often[each.what] == 1}


def test_a_missing_package_names_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setattr(doctor, "has", lambda module: module not in ("cv2", "timm", "av"))
    found = findings()
    assert found["worker"].level == "problem"
    assert "depthq[worker]" in found["worker"].remedy
    assert found["torch engine and conversion"].level == "note"
    assert (found["videos"].level, found["videos"].remedy[:28]) == (
        "note",
        "pip install 'depthq[video]',",
    )
    assert found["api"].level == "ok"


def test_an_engine_that_is_not_installed_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor, "has", lambda module: module != "onnxruntime")
    assert finding("engine", engine="onnxruntime").level == "problem"
    assert finding("engine", engine="openvino").level == "ok"


def test_no_redis_at_all_is_a_problem(monkeypatch):
    monkeypatch.setattr(local_redis, "find_server", lambda: None)
    assert "depthq[local]" in finding("redis").remedy


def test_a_silent_s3_server_is_a_problem():
    url = f"http://127.0.0.1:{any_free()}"
    key = {"s3_access_key_id": "key", "s3_secret_access_key": "secret"}
    found = finding("store", s3_bucket="photos", s3_endpoint_url=url, **key)
    assert (found.level, "DEPTHQ_S3_ENDPOINT_URL" in found.remedy) == ("problem", True)


def test_a_weights_file_that_is_not_there_is_a_problem(tmp_path):
    assert finding("weights", weights=str(tmp_path / "none.onnx")).level == "problem"
    assert finding("weights", cache_dir=tmp_path).level == "note"


def test_a_small_quota_and_little_memory_are_noted(monkeypatch, tmp_path):
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text(f"{512 * 1024 * 1024}\n")
    monkeypatch.setattr(doctor, "CGROUP", tmp_path)
    found = findings()
    assert "limited to 0.5" in found["cores"].message
    assert found["memory"].level == "note"


@pytest.mark.parametrize("text", ["max 100000\n", "nonsense"])
def test_no_quota_is_fine(monkeypatch, tmp_path, text):
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr(doctor, "CGROUP", tmp_path)
    assert finding("cores").level == "ok"


def test_the_memory_of_larger_models_is_told_before_a_worker_starts(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text(f"{3 * 1024**3}\n")
    default = finding("memory")
    assert default.level == "ok"
    found = finding("memory", models=("midas_small", "dpt_large_384"))
    assert found.level == "note"
    assert "midas_small, dpt_large_384: 7.5 GiB" in found.message
    assert "DEPTHQ_MODELS" in found.remedy
    assert "to convert their weights, once: 5.8 GiB" in found.message
    assert "convert" not in default.message


def test_a_full_disk_is_a_problem(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "LEAST_DISK_BYTES", 1 << 60)
    assert finding("disk", data_dir=tmp_path / "not" / "yet").level == "problem"


def test_a_taken_port_matters_only_if_it_was_chosen(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert finding("port", port=server.getsockname()[1]).level == "problem"
    monkeypatch.setattr(doctor.ports, "is_free", lambda host, port: False)
    assert finding("port").level == "note"


def test_the_doctor_says_whether_decoders_are_confined_by_the_kernel(monkeypatch):
    assert "seccomp" in finding("confinement").message
    monkeypatch.setattr(doctor.sys, "executable", "/nowhere/python")
    assert finding("confinement").level == "note"


def test_the_cores_come_with_what_a_worker_makes_of_them():
    assert "at a time" in finding("cores").message


def test_a_model_that_does_not_exist_is_a_problem_with_the_nearest_name():
    found = finding("models", models=("midas_smal",))
    assert (found.level, found.remedy) == (
        "problem",
        f"did you mean midas_small? `{program()} models list` has them all",
    )


def test_a_mistyped_setting_is_noted_with_the_right_one(monkeypatch):
    monkeypatch.setenv("DEPTHQ_MODEL", "midas_small")
    found = finding("settings")
    assert (found.level, found.message) == ("note", "DEPTHQ_MODEL is set, and is no setting")
    assert found.remedy == "did you mean DEPTHQ_MODELS?"


@pytest.mark.parametrize(
    ("wrong", "problem", "cure"),
    [
        ({"s3_access_key_id": "stranger"}, "InvalidAccessKeyId", "DEPTHQ_S3_ACCESS_KEY_ID"),
        (
            {"s3_secret_access_key": "another-secret"},
            "SignatureDoesNotMatch",
            "DEPTHQ_S3_SECRET_ACCESS_KEY",
        ),
        (
            {"s3_access_key_id": None, "s3_secret_access_key": None},
            "no access key for S3 is set, and none was found",
            "set DEPTHQ_S3_ACCESS_KEY_ID and DEPTHQ_S3_SECRET_ACCESS_KEY",
        ),
    ],
)
def test_a_key_of_s3_that_is_wrong_or_missing_is_the_setting_that_is_named(
    s3_settings, monkeypatch, wrong, problem, cure
):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    settings = s3_settings.model_copy(update=wrong)
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    found = finding("store", **given)
    assert (found.level, problem in found.message, cure in found.remedy) == ("problem", True, True)
