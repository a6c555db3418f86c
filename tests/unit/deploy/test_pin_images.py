"""`make pin-images` finds every foreign image and writes what the registry says, or nothing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.deploy.conftest import Stage, parse_dockerfile

FILES = (
    "docker-compose.yml",
    "deploy/Dockerfile",
    "deploy/minio/Dockerfile",
    "deploy/helm/depthq/values.yaml",
)
# `docker buildx imagetools inspect NAME`, for a registry in which only $AWAY is missing
DOCKER = """#!/bin/sh
[ "$*" = "buildx imagetools inspect $4" ] || exit 2
[ "$4" = "$AWAY" ] && { echo "$4: not found" >&2; exit 1; }
echo "Name:      docker.io/$4"
echo "Digest:    sha256:$(printf %s "$4$EPOCH" | sha256sum | cut -d' ' -f1)"
echo "Manifests:"
echo "  Name:    docker.io/$4@sha256:$(printf %s another | sha256sum | cut -d' ' -f1)"
"""


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Path:
    """A copy of what is pinned, without digests, and a docker before all others."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        text = (root / name).read_text()
        (tmp_path / name).write_text(re.sub("@sha256:[0-9a-f]{64}", "", text))
    shutil.copy(root / "deploy/pin_images.py", tmp_path / "deploy")
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    return tmp_path


def run(tree: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{tree / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "deploy/pin_images.py"],
        cwd=tree,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def foreign(tree: Path) -> list[str]:
    """Every reference to an image of a registry, by way of the formats themselves."""
    compose: dict[str, Any] = yaml.safe_load((tree / FILES[0]).read_text())
    values = yaml.safe_load((tree / FILES[3]).read_text())
    named = [service["image"] for service in compose["services"].values()]
    named.append(values["valkey"]["image"])
    for file in FILES[1:3]:
        stages: dict[str, Stage] = parse_dockerfile(tree / file)
        arguments = dict(re.findall(r"(?m)^ARG (\w+)=(\S+)", (tree / file).read_text()))
        for stage in stages.values():
            base = arguments.get(stage.base.strip("${}"), stage.base)
            named += [base] if base not in stages else []
    return [name for name in named if not name.startswith("depthq-")]


def digest(name: str, epoch: str = "") -> str:
    return f"sha256:{hashlib.sha256((name + epoch).encode()).hexdigest()}"


def test_every_image_of_a_registry_gets_the_digest_of_its_tag(tree: Path) -> None:
    names = foreign(tree)
    assert run(tree).returncode == 0
    assert foreign(tree) == [f"{name}@{digest(name)}" for name in names]
    assert len({name.split(":")[0] for name in names}) == 7


def test_a_second_run_replaces_digests_and_nothing_else(tree: Path) -> None:
    names, before = foreign(tree), {name: (tree / name).read_text() for name in FILES}
    run(tree, EPOCH="old")
    run(tree, EPOCH="new")
    assert foreign(tree) == [f"{name}@{digest(name, 'new')}" for name in names]
    for name, text in before.items():
        assert re.sub("@sha256:[0-9a-f]{64}", "", (tree / name).read_text()) == text


def test_nothing_changes_if_one_registry_does_not_answer(tree: Path) -> None:
    before = {name: (tree / name).read_text() for name in FILES}
    done = run(tree, AWAY=foreign(tree)[-1])
    assert done.returncode == 1
    assert "nothing changed" in done.stderr
    assert {name: (tree / name).read_text() for name in FILES} == before
