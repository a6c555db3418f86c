"""A rig for each scenario, and the notes from which docs/reliability.md is made."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.images import Image, known_images
from tests.chaos.rig import Rig
from tests.chaos.scenarios import FAKETIME, Scenario
from tests.conftest import missing, new_bucket
from tests.services.process import ServiceProcess
from tests.services.valkey import ValkeyServer, find_valkey

REDIS_DISK, STORE_DISK = "12m", "16m"


@pytest.fixture(scope="session")
def images() -> dict[str, Image]:
    """The images and their known good results."""
    return known_images()


@pytest.fixture
def rig(
    request: pytest.FixtureRequest, scenario: Scenario, tmp_path: Path, images: dict[str, Image]
) -> Iterator[Rig]:
    """A running service of the scenario's own."""
    if scenario.needs == "faketime" and FAKETIME is None:
        pytest.skip("no libfaketime (apt-get install faketime)")
    redis_folder, data = tmp_path / "valkey", tmp_path / "rig" / "data"
    data.mkdir(parents=True)
    mounts = []
    if scenario.needs == "tmpfs for redis":
        mounts.append(mount(redis_folder, REDIS_DISK))
    if scenario.needs == "tmpfs":
        mounts.append(mount(data, STORE_DISK))
    valkey = ValkeyServer(find_valkey() or missing("no Redis") or "", redis_folder)
    s3 = request.getfixturevalue("s3") if scenario.store == "s3" else None
    try:
        valkey.start()
        rig = Rig(tmp_path / "rig", valkey, images, s3, new_bucket(), **scenario.settings)
        rig.extra.update(scenario.extra)
        try:
            rig.start()
            yield rig
        finally:
            rig.stop()
    finally:
        valkey.stop()
        thaw(s3)
        for folder in mounts:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def mount(folder: Path, size: str) -> Path:
    """Mount a small disk, or skip the test where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    return folder


def thaw(server: ServiceProcess | None) -> None:
    """Leave a shared server as it was found."""
    if server is not None:
        server.thaw()
        server.start()
