"""The chart of deploy/helm, rendered by the real helm, and what its manifests say."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.waits import PATIENT_S

# libyaml's reader where PyYAML was built with it: ten times as quick
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CHART = Path(__file__).parents[2] / "deploy/helm/depthq"
Manifest = dict[str, Any]
Values = Mapping[str, Any]


class RefusedError(Exception):
    """helm does not render these values; the message is what the user reads."""


@dataclass(frozen=True)
class Chart:
    """The chart and the program that renders it."""

    helm: Path
    home: Path  # where helm may write

    def run(self, verb: str, *words: str, values: Values) -> str:
        """Return what `helm verb` prints. Raises RefusedError."""
        command = [str(self.helm), verb, *words, "--values", "-"]
        home = {name: str(self.home) for name in ("HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME")}
        done = subprocess.run(
            [*command, "--kube-version", "1.33.0"],  # a helm built from source knows an old one
            input=json.dumps(values),
            env={**os.environ, **home, "KUBECONFIG": str(self.home / "none")},
            capture_output=True,
            text=True,
            timeout=PATIENT_S,
            check=False,
        )
        if done.returncode:
            raise RefusedError(done.stderr + done.stdout)
        return done.stdout

    def render(self, values: Values, release: str = "depthq") -> list[Manifest]:
        """Return the manifests, as the cluster would read them."""
        text = self.run("template", release, str(CHART), "--namespace", "pictures", values=values)
        return [manifest for manifest in yaml.load_all(text, Loader) if manifest]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Return the manifests of `kind`, by name."""
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return the specs of all pods by component: the names of the compose file's services."""
    owners = [m for m in manifests if m["kind"] in {"Deployment", "StatefulSet"}]
    return {component_of(owner): owner["spec"]["template"]["spec"] for owner in owners}


def component_of(manifest: Manifest) -> str:
    """Return the part of the service that a manifest belongs to."""
    return str(manifest["metadata"]["labels"]["app.kubernetes.io/component"])


def containers(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield component and container."""
    for component, pod in pods(manifests).items():
        assert "initContainers" not in pod
        for container in pod["containers"]:
            yield component, container


def variables(container: Manifest) -> dict[str, str]:
    """Return the literal variables of a container."""
    return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}


def secret_variables(container: Manifest) -> dict[str, dict[str, Any]]:
    """Return the references to secrets of a container, by variable."""
    return {
        entry["name"]: entry["valueFrom"]["secretKeyRef"]
        for entry in container["env"]
        if "valueFrom" in entry
    }
