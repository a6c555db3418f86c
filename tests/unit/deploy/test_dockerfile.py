"""The Dockerfiles copy what exists, install from locks with hashes, and run without privileges."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from contract.settings import Settings
from tests.unit.deploy.conftest import Stage

FINAL = ("api", "worker")


def chain(images: dict[str, Stage], name: str) -> list[Stage]:
    """The stages whose layers end up in image `name`, outermost first."""
    stage = images[name]
    return [stage, *(chain(images, stage.base) if stage.base in images else [])]


def copied_stages(stage: Stage) -> list[str]:
    """The stages that a stage copies from, in order."""
    return re.findall(r"--from=(\S+)", " ".join(stage.all("COPY")))


def sources(stage: Stage) -> list[str]:
    copies = [shlex.split(rest) for rest in stage.all("COPY")]
    return [s for copy in copies if not copy[0].startswith("--from=") for s in copy[:-1]]


def test_what_is_copied_exists_and_is_not_ignored(root: Path, images: dict[str, Stage]) -> None:
    allowed = {line[1:] for line in (root / ".dockerignore").read_text().split() if line[0] == "!"}
    for stage in images.values():
        for source in sources(stage):
            assert (root / source).exists(), source
            assert source.split("/")[0] in allowed, source


def test_minio_is_built_from_pinned_commits(root: Path, minio_images: dict[str, Stage]) -> None:
    installs = [run for run in minio_images["build"].all("RUN") if "go install" in run]
    assert len(installs) == 2
    assert all("@v0.0.0-" in run for run in installs)
    assert all((root / source).exists() for source in sources(minio_images["minio"]))


@pytest.mark.parametrize("name", FINAL)
def test_dependencies_come_from_the_program_s_own_lock_with_hashes(
    root: Path, images: dict[str, Stage], name: str
) -> None:
    stage = images[f"{name}-environment"]
    assert copied_stages(images[name])[0] == stage.name
    assert sources(stage) == [f"requirements/{name}.lock"]
    assert "--require-hashes" in stage.all("RUN")[0]
    assert "--hash=sha256:" in (root / f"requirements/{name}.lock").read_text()


def test_no_image_has_torch_and_the_api_has_no_engine(root: Path) -> None:
    locks = {name: (root / f"requirements/{name}.lock").read_text() for name in FINAL}
    assert not any(
        line.startswith("torch==") for lock in locks.values() for line in lock.split("\n")
    )
    for library in ("openvino", "onnxruntime", "opencv-python-headless"):
        assert f"\n{library}==" not in locks["api"]
        assert f"\n{library}==" in locks["worker"]


@pytest.mark.parametrize("name", FINAL)
def test_a_change_of_code_copies_no_environment_anew(images: dict[str, Stage], name: str) -> None:
    # Given the steps of a final image in order: a layer depends on all that come before it
    steps = [step for stage in reversed(chain(images, name)) for step in stage.steps]
    copies = [rest for word, rest in steps if word == "COPY"]

    # Then nothing of the tree comes before the environment, which comes from its lock alone
    assert copies[0] == f"--from={name}-environment /opt/depthq /opt/depthq"
    assert copies[1] == "--from=code /app /app"
    assert not sources(images["install"])


def test_the_api_image_leaves_out_what_only_clients_compute_with(root: Path) -> None:
    api, worker = ((root / f"requirements/{name}.lock").read_text() for name in FINAL)
    for library in ("numpy", "pillow"):  # 96 MB
        assert f"\n{library}==" not in api
    assert "\nnumpy==" in worker


@pytest.mark.parametrize("name", FINAL)
def test_nothing_can_be_installed_in_an_image(images: dict[str, Stage], name: str) -> None:
    assert "venv --without-pip /opt/depthq" in images["install"].all("RUN")[0]
    assert any("ensurepip" in run and "rm -f" in run for run in images["base"].all("RUN"))
    assert images[name].base == "base"


def rooms_needed(root: Path, name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """The rooms that room `name` imports, directly or through others, and itself."""
    rooms = {folder.parent.name for folder in root.glob("*/__init__.py")} - {"tests", "benchmarks"}
    text = "".join(path.read_text() for path in (root / name).rglob("*.py"))
    found = {
        match for match in re.findall(r"(?m)^\s*(?:from|import) (\w+)", text) if match in rooms
    }
    for room in found - seen - {name}:
        seen |= rooms_needed(root, room, seen | {name})
    return seen | {name}


@pytest.mark.parametrize("name", FINAL)
def test_each_image_holds_the_packages_it_imports_and_no_other_program(
    root: Path, images: dict[str, Stage], name: str
) -> None:
    stages = [*chain(images, name), images["code"]]
    copied = {source for stage in stages for source in sources(stage)}
    assert rooms_needed(root, name) <= copied
    assert copied & {"api", "worker", "client"} == {name}


@pytest.mark.parametrize("name", FINAL)
def test_no_container_is_root(images: dict[str, Stage], name: str) -> None:
    uid = images[name].all("USER")[-1].split(":")[0]
    assert int(uid) > 0


@pytest.mark.parametrize("name", FINAL)
def test_a_stop_reaches_the_program_itself_as_sigterm(images: dict[str, Stage], name: str) -> None:
    command = json.loads(images[name].all("CMD")[-1])  # exec form, or a shell would keep the signal
    assert command[:3] == ["python", "-m", name]
    assert [stop for stage in chain(images, name) for stop in stage.all("STOPSIGNAL")] == [
        "SIGTERM"
    ]


@pytest.mark.parametrize("name", FINAL)
def test_the_health_check_asks_the_port_that_the_settings_name(
    images: dict[str, Stage], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stage in reversed(chain(images, name)):
        for pair in shlex.split(" ".join(stage.all("ENV"))):
            variable, _, value = pair.partition("=")
            monkeypatch.setenv(variable, value)
    settings: Any = Settings()
    port = settings.port if name == "api" else settings.metrics_port
    assert f"127.0.0.1:{port}/healthz" in images[name].all("HEALTHCHECK")[0]
    assert str(port) in images[name].all("EXPOSE")


def test_the_bundled_model_is_inside_the_worker_image(root: Path) -> None:
    assert list((root / "worker/weights/bundled").glob("*.onnx"))
