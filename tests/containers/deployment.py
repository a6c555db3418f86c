"""A copy of the tree, deployed by Docker Compose as its own comments say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.containers.engine import HOME, Engine, output_of
from tests.services.toolchain import COMPOSE, find_tool

ROOT = Path(__file__).parents[2]
_OVERRIDE = "docker-compose.override.yml"


def copy_of_the_tree(folder: Path) -> Path:
    """Copy what git knows or would know into `folder`."""
    known = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, output_of(known, ROOT).split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return folder


def plugins() -> Path:
    """Return a folder of settings for docker in which it finds its compose."""
    link = HOME / "config/cli-plugins" / COMPOSE.name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(find_tool(COMPOSE))
    return link.parents[1]


class Deployment:
    """The compose project of one copy of the tree."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._variables = {"DOCKER_CONFIG": str(plugins())}
        self.services = yaml.safe_load((tree / "docker-compose.yml").read_text())["services"]
        self.built = [name for name, service in self.services.items() if "build" in service]
        # Package registries are reached through the machine's own network.
        override = {"services": {name: {"build": {"network": "host"}} for name in self.built}}
        (tree / _OVERRIDE).write_text(yaml.safe_dump(override))
        output_of(["sh", "deploy/new-env.sh"], tree)

    def compose(self, engine: Engine, *words: str) -> str:
        """Return what `docker compose words` prints. Raises RuntimeError with its complaint."""
        return output_of(engine.words("compose", *words), self.tree, **self._variables)

    def containers(self, engine: Engine) -> dict[str, dict[str, Any]]:
        """Return what the engine knows of each container, by service."""
        ids = self.compose(engine, "ps", "--all", "--quiet").split()
        found = json.loads(engine.docker("inspect", *ids)) if ids else []
        return {c["Config"]["Labels"]["com.docker.compose.service"]: c for c in found}

    def is_healthy(self, engine: Engine) -> bool:
        """Tell whether each container is healthy, or has ended well."""
        states = [container["State"] for container in self.containers(engine).values()]
        return bool(states) and all(
            state["Health"]["Status"] == "healthy"
            if "Health" in state
            else state["Status"] == "exited" and state["ExitCode"] == 0
            for state in states
        )

    def layers(self, engine: Engine) -> dict[str, list[str]]:
        """Return the layers of the images that we build, by service."""
        form = '{{join .RootFS.Layers " "}}'
        return {
            name: engine.docker(
                "image", "inspect", "--format", form, self.services[name]["image"]
            ).split()
            for name in self.built
        }

    def logs(self, engine: Engine) -> str:
        """Return the last lines of every service."""
        return self.compose(engine, "logs", "--tail", "30")
