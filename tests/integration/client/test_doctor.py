"""The doctor finds what is missing and says how to get it."""

from __future__ import annotations

import socket

import pytest

from client.local import doctor, local_redis
from client.local.ports import any_free
from client.local.program import program
from contract.settings import Settings


def finding(what: str, **settings: object) -> doctor.Finding:
    (found,) = [f for f in doctor.examine(Settings(**settings)) if f.what == what]
    return found


def test_a_missing_package_names_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setattr(doctor, "has", lambda module: module not in ("cv2", "timm", "av"))
    assert finding("worker").level == "problem"
    assert "depthq[worker]" in finding("worker").remedy
    assert finding("torch engine and conversion").level == "note"
    assert (finding("videos").level, finding("videos").remedy[:28]) == (
        "note",
        "pip install 'depthq[video]',",
    )
    assert finding("api").level == "ok"


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
    assert "limited to 0.5" in finding("cores").message
    assert finding("memory").level == "note"


@pytest.mark.parametrize("text", ["max 100000\n", "nonsense"])
def test_no_quota_is_fine(monkeypatch, tmp_path, text):
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr(doctor, "CGROUP", tmp_path)
    assert finding("cores").level == "ok"


def test_the_memory_of_larger_models_is_told_before_a_worker_starts(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text(f"{3 * 1024**3}\n")
    assert finding("memory").level == "ok"
    found = finding("memory", models=("midas_small", "dpt_large_384"))
    assert found.level == "note"
    assert "midas_small, dpt_large_384: 7.5 GiB" in found.message
    assert "DEPTHQ_MODELS" in found.remedy
    assert "to convert their weights, once: 5.8 GiB" in found.message
    assert "convert" not in finding("memory").message


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
