"""The files of deploy/, parsed once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Stage:
    """One build stage of a Dockerfile: its name, its base, its instructions in order."""

    name: str
    base: str
    steps: tuple[tuple[str, str], ...]

    def all(self, word: str) -> list[str]:
        """Return the arguments of every `word` instruction."""
        return [rest for step, rest in self.steps if step == word]


def parse_dockerfile(path: Path) -> dict[str, Stage]:
    """Return the stages of a Dockerfile by name."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text()).replace("\\\n", " ")
    steps = [line.strip().split(None, 1) for line in text.splitlines() if line.strip()]
    stages: dict[str, Stage] = {}
    for word, rest in steps:
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages[name] = Stage(name, base, ())
        elif stages:
            last = list(stages.values())[-1]
            stages[last.name] = Stage(last.name, last.base, (*last.steps, (word, rest)))
    return stages


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the tree, which is the build context too."""
    return ROOT


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """docker-compose.yml, anchors and merges resolved."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="session")
def images() -> dict[str, Stage]:
    """The stages of the service's Dockerfile."""
    return parse_dockerfile(ROOT / "deploy/Dockerfile")


@pytest.fixture(scope="session")
def minio_images() -> dict[str, Stage]:
    """The stages of MinIO's Dockerfile."""
    return parse_dockerfile(ROOT / "deploy/minio/Dockerfile")
