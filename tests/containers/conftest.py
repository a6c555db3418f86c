"""The compose file, built and run by a real engine, once for all tests of this folder."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.pin_images import FILES, references
from tests.conftest import missing
from tests.containers.deployment import Deployment, copy_of_the_tree
from tests.containers.engine import Engine, lacking
from tests.containers.standins import make_all
from tests.services.toolchain import ToolMissingError
from tests.services.valkey import find_valkey
from tests.waits import wait_until

READY_S = 300.0


@dataclass(frozen=True)
class Built:
    """The layers of our images by service: as they are, and with one byte more in contract/."""

    layers: dict[str, list[str]]
    changed: dict[str, list[str]]


@dataclass(frozen=True)
class Running:
    """A deployment that serves, and the engine that runs it."""

    deployment: Deployment
    engine: Engine

    def compose(self, *words: str) -> str:
        """See Deployment.compose."""
        return self.deployment.compose(self.engine, *words)

    def inside(self, service: str, *words: str) -> str:
        """Return what a command prints in the container of a service."""
        return self.compose("exec", "--no-TTY", service, *words)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A copy of the tree, ready to be built."""
    if lacks := lacking():
        missing(f"no engine can run here, for want of {', '.join(lacks)} (make setup-containers)")
    tree = copy_of_the_tree(tmp_path_factory.mktemp("tree"))
    for file in FILES:  # a stand-in has a digest of its own
        text = (tree / file).read_text()
        (tree / file).write_text(re.sub("@sha256:[0-9a-f]{64}", "", text))
    try:
        return Deployment(tree)
    except ToolMissingError as exc:
        missing(str(exc))
        raise


@pytest.fixture(scope="session")
def built(deployment: Deployment) -> Built:
    """Build every image, then build it again after a change."""
    with _running(Engine(isolated=False)) as engine:
        make_all(engine, references(deployment.tree), Path(find_valkey() or ""))
        contract = deployment.tree / "contract/ids.py"
        original = contract.read_bytes()
        contract.write_bytes(original + b"\n")
        deployment.compose(engine, "build")
        changed = deployment.layers(engine)
        contract.write_bytes(original)
        deployment.compose(engine, "build")
        return Built(deployment.layers(engine), changed)


@pytest.fixture(scope="session")
def running(deployment: Deployment, built: Built) -> Iterator[Running]:
    """The service, up and healthy; afterwards nothing of it is left."""
    with _running(Engine(isolated=True)) as engine:
        deployment.compose(engine, "down", "--volumes")  # of a run that was cut off
        try:
            deployment.compose(engine, "up", "--build", "--detach")
            wait_until(lambda: deployment.is_healthy(engine), "all are healthy", READY_S)
            yield Running(deployment, engine)
        except (RuntimeError, TimeoutError) as exc:
            raise RuntimeError(deployment.logs(engine)) from exc
        finally:
            deployment.compose(engine, "down", "--volumes")


@contextlib.contextmanager
def _running(engine: Engine) -> Iterator[Engine]:
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()
