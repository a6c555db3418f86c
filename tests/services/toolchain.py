"""Gets server binaries for tests: from PATH, from the cache, or built by `go install`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CACHE = Path("~/.cache/depthq-tests").expanduser()
BUILD_S = 5400


class ToolMissingError(Exception):
    """The binary cannot be had; the message says why."""


class ToolRefusedError(ToolMissingError):
    """The Go module proxy does not serve this version: trying again cannot help."""


@dataclass(frozen=True)
class GoTool:
    """A Go program pinned to one version."""

    name: str
    package: str
    version: str
    # modules that it must be built with, at their versions
    beside: tuple[str, ...] = ()
    # the version of those modules that its own go.mod takes from folders beside it
    staged: str = ""
    # the variable by which it knows its version, where others ask it for that
    names_itself_in: str = ""

    @property
    def own_module(self) -> bool:
        """Whether `go install` cannot build it; PATH is not asked then, the version matters."""
        return bool(self.beside or self.staged)

    @property
    def cached(self) -> Path:
        """Where the built binary rests, outside the checkout; a new pin is a new place."""
        return CACHE / f"{self.name}@{self.version}" / self.name


# The newest that the module proxy serves: the project is archived, so nothing newer will come.
MINIO = GoTool("minio", "github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c")
# Its client, of the same commit as in deploy/minio/Dockerfile.
MC = GoTool("mc", "github.com/minio/mc", "v0.0.0-20250313080218-cf909e1063a9")
# The newest of the third line; it only renders the chart.
HELM = GoTool("helm", "helm.sh/helm/v3/cmd/helm", "v3.22.0")
# A plugin of docker; it builds images by the buildx in it.
COMPOSE = GoTool(
    "docker-compose",
    "github.com/docker/compose/v2/cmd",
    "v2.40.3",
    beside=("github.com/docker/buildx/cmd/buildx@v0.29.1",),
)
KUBE_APISERVER = GoTool(
    "kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "v1.35.4",
    staged="v0.35.4",
    names_itself_in="k8s.io/component-base/version.gitVersion",
)
VERSITYGW = GoTool("versitygw", "github.com/versity/versitygw/cmd/versitygw", "v1.8.0")


def has_go() -> bool:
    """Tell whether a Go toolchain is at hand."""
    return shutil.which("go") is not None


def find_tool(tool: GoTool) -> Path:
    """Return the path of `tool`, building it if need be (minutes, once per machine).

    Raises ToolMissingError; ToolRefusedError where only the module proxy is in the way.
    """
    on_path = None if tool.own_module else shutil.which(tool.name)
    if on_path:
        return Path(on_path)
    if not tool.cached.exists():
        if not has_go():
            raise ToolMissingError(f"{tool.name} is not on PATH and there is no Go to build it")
        _build(tool)
    return tool.cached


def _build(tool: GoTool) -> None:
    folder = tool.cached.parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test sessions build it once
        if not tool.cached.exists():
            _go_install(tool, folder)


def _go_install(tool: GoTool, folder: Path) -> None:
    if tool.own_module:
        _go_build(tool, folder / "module")
    else:
        _go(tool, folder, "install", f"{tool.package}@{tool.version}", GOBIN=str(folder))


def _go_build(tool: GoTool, module: Path) -> None:
    """Build in a module of its own, where `go install` does not take what a program asks for."""
    shutil.rmtree(module, ignore_errors=True)
    module.mkdir()
    _go(tool, module, "mod", "init", "tests")
    if tool.staged:
        _replace_staged(tool, module)
    _go(tool, module, "get", f"{tool.package}@{tool.version}", *tool.beside)
    name = f" -X {tool.names_itself_in}={tool.version}" if tool.names_itself_in else ""
    slim = ("-trimpath", "-ldflags", f"-s -w{name}")
    _go(tool, module, "build", "-p", "1", *slim, "-o", str(tool.cached), tool.package)


def _replace_staged(tool: GoTool, module: Path) -> None:
    root = "/".join(tool.package.split("/")[:2])
    theirs = json.loads(_go(tool, module, "mod", "download", "-json", f"{root}@{tool.version}"))
    known = json.loads(_go(tool, module, "mod", "edit", "-json", theirs["GoMod"]))
    for old in (replace["Old"]["Path"] for replace in known["Replace"]):
        _go(tool, module, "mod", "edit", f"-replace={old}={old}@{tool.staged}")


def _go(tool: GoTool, folder: Path, *words: str, **variables: str) -> str:
    done = subprocess.run(
        ["nice", "-n", "15", "go", *words],  # minutes of all cores
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    if done.returncode != 0:
        reason = done.stderr.strip()[-400:]
        refused = any(sign in reason for sign in ("403 Forbidden", "404 Not Found", "410 Gone"))
        if refused:
            raise ToolRefusedError(f"the Go module proxy refuses {tool.name}@{tool.version}")
        raise ToolMissingError(f"go {words[0]} {tool.name}@{tool.version}: {reason}")
    return done.stdout
