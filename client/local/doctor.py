"""Examines this machine for what depthq needs; imports none of the service's code."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from client.local import ports
from client.local.doctor_plugins import look_at_plugins
from client.local.doctor_stores import look_at_stores
from client.local.finding import Finding
from client.local.program import program
from contract.addresses import authority
from contract.models.declaration import DEFAULT_MODEL
from contract.models.own import own_specs
from contract.models.registry import MODELS, find_model
from contract.settings import MIB, Settings
from contract.wrong_fields import nearest

# program → modules that must be there, the extra that brings them, and whether `depthq up` needs it
PROGRAMS = {
    "api": (("flask", "flask_openapi3", "waitress", "redis", "celery", "boto3"), "api", True),
    "worker": (("celery", "redis", "boto3", "cv2"), "worker", True),
    "torch engine and conversion": (("torch", "timm", "onnx"), "torch", False),
    "videos": (("av",), "video", False),
    "demo": (("skimage",), "demo", False),
}
ENGINES = {"openvino": "openvino", "onnxruntime": "onnxruntime", "torch": "torch"}
LEAST_DISK_BYTES = 1024 * MIB
LEAST_MEMORY_BYTES = 1536 * MIB  # an API and two workers with the default model
# For each parameter: 6.2 GB for the 344 million of dpt_large_384 (benchmarks.models).
CONVERSION_BYTES = 18
CGROUP = Path("/sys/fs/cgroup")


def examine(settings: Settings) -> list[Finding]:
    """Look at everything and return the findings."""
    return [
        _python(),
        *_programs(),
        _engine(settings),
        *_models(settings),
        *_variables(),
        *look_at_stores(settings),
        _weights(settings),
        *look_at_plugins(),
        _cores(),
        _confinement(),
        _memory(settings),
        _disk(settings),
        _port(settings),
    ]


def has(module: str) -> bool:
    """Tell whether a module is installed, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", "ok", version)  # an older one cannot have installed us


def _programs() -> Iterator[Finding]:
    for name, (modules, extra, needed) in PROGRAMS.items():
        missing = [module for module in modules if not has(module)]
        if not missing:
            yield Finding(name, "ok", "all packages are installed")
            continue
        level: Literal["note", "problem"] = "problem" if needed else "note"
        said = f"without {', '.join(missing)}"
        # `make setup` brings what `depthq up` needs, and nothing beyond.
        more = "make setup" if needed or name == "demo" else f"in a checkout: -e '.[{extra}]'"
        yield Finding(name, level, said, f"pip install 'depthq[{extra}]', or {more}")


def _engine(settings: Settings) -> Finding:
    module = ENGINES.get(settings.engine)
    if module is None or has(module):
        return Finding("engine", "ok", settings.engine)
    remedy = f"pip install {module}, or set DEPTHQ_ENGINE to one of {', '.join(ENGINES)}"
    return Finding("engine", "problem", f"{settings.engine} is not installed", remedy)


def _models(settings: Settings) -> Iterator[Finding]:
    own = own_specs(settings.cache_dir)
    for name in settings.models:
        if find_model(name) is None and name not in own:
            guess = nearest(name, [*MODELS, *own])
            remedy = f"{guess} `{program()} models list` has them all".lstrip()
            yield Finding("models", "problem", f"DEPTHQ_MODELS: no model is called {name}", remedy)


def _variables() -> Iterator[Finding]:
    """Note what looks like a setting and is none: it has no effect, and nothing else says so."""
    known = [f"DEPTHQ_{name.upper()}" for name in Settings.model_fields]
    for name in sorted(os.environ):
        if name.startswith("DEPTHQ_") and name not in known:
            remedy = nearest(name, known) or "see docs/configuration.md"
            yield Finding("settings", "note", f"{name} is set, and is no setting", remedy)


def _weights(settings: Settings) -> Finding:
    if settings.engine == "simulated":
        return Finding("weights", "ok", "the simulated engine needs none")
    for asked in (settings.weights or "").split(","):
        path = asked.rpartition("=")[2].strip()
        if Path(path).suffix and not Path(path).is_file():
            remedy = "correct DEPTHQ_WEIGHTS, or unset it"
            return Finding("weights", "problem", f"{path} is not there", remedy)
    fetched = sorted((settings.cache_dir / "weights").glob("*"))
    if fetched:
        return Finding("weights", "ok", f"{len(fetched)} files in {settings.cache_dir / 'weights'}")
    remedy = f"{program()} weights fetch {settings.models[0]} gets the published ones (sharper)"
    return Finding("weights", "note", "none fetched; the bundled weights are used", remedy)


def _cores() -> Finding:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = _quota_cores()
    said = f"{allowed} of {os.cpu_count()}" + (f", limited to {quota:g} by cgroup" if quota else "")
    if quota and quota < 1:
        return Finding("cores", "note", said, "give the container at least one core")
    return Finding("cores", "ok", said + _advice())


def _advice() -> str:
    """Return how a worker would divide the cores, as it says itself; empty without a worker."""
    command = [sys.executable, "-m", "worker.advice", "--json"]
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError, KeyError):
        done = subprocess.run(command, capture_output=True, check=True, timeout=30)
        advice = json.loads(done.stdout)
        more = f", {advice['processes']} processes per lane" if advice["processes"] > 1 else ""
        return f"; a worker computes {advice['streams']} batches at a time{more}"
    return ""


def _confinement() -> Finding:
    """Ask the worker's decoding whether system calls can be taken from it here."""
    said = ""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        command = [sys.executable, "-m", "worker.confine.seccomp"]
        said = subprocess.run(
            command, capture_output=True, check=False, text=True, timeout=30
        ).stdout
    if said.strip() == "holds":
        return Finding("confinement", "ok", "decoders have no files, sockets or programs (seccomp)")
    return Finding(
        "confinement",
        "note",
        "no seccomp filter here: decoders have limits on memory, time and files only",
        "run workers on Linux, x86_64 or aarch64, where images come from strangers",
    )


def _quota_cores() -> float | None:
    """Return the CPU limit of this container (cgroup v2 cpu.max), in cores."""
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _memory(settings: Settings) -> Finding:
    granted = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # no such file, or `max`: no limit
        granted = min(granted, int((CGROUP / "memory.max").read_text()))
    needed = LEAST_MEMORY_BYTES + 2 * _beyond_default(settings)  # one worker of each lane
    said = f"{granted / MIB / 1024:.1f} GiB; wanted by an API and two workers with "
    said += f"{', '.join(settings.models)}: {needed / MIB / 1024:.1f} GiB"
    if (converting := _conversion(settings)) > 0:
        said += f"; to convert their weights, once: {converting / MIB / 1024:.1f} GiB"
    if granted < needed:
        return Finding("memory", "note", said, "name fewer or smaller models in DEPTHQ_MODELS")
    return Finding("memory", "ok", said)


def _beyond_default(settings: Settings) -> int:
    """Return what the models of a worker need beyond the default one, as their declarations say."""
    own = own_specs(settings.cache_dir)
    specs = [find_model(name) or own.get(name) for name in dict.fromkeys(settings.models)]
    return sum(s.cost.memory_bytes for s in specs if s is not None and s.name != DEFAULT_MODEL)


def _conversion(settings: Settings) -> int:
    """Return what converting the largest of the models takes, of those that are exported."""
    specs = [find_model(name) for name in settings.models]
    exported = [s.cost.parameters for s in specs if s is not None and s.graph is None]
    return CONVERSION_BYTES * max(exported, default=0)


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    said = f"{free / MIB / 1024:.1f} GiB free at {folder}"
    if not os.access(folder, os.W_OK):
        return Finding("disk", "problem", f"{folder} is not writable", "set DEPTHQ_DATA_DIR")
    if free < LEAST_DISK_BYTES:
        return Finding("disk", "problem", said, "free some, or set DEPTHQ_DATA_DIR")
    return Finding("disk", "ok", said)


def _port(settings: Settings) -> Finding:
    where = authority(settings.host, settings.port)
    if ports.is_free(settings.host, settings.port):
        return Finding("port", "ok", f"{where} is free")
    if "port" in settings.model_fields_set:
        return Finding("port", "problem", f"{where} is taken", "stop its owner or set DEPTHQ_PORT")
    return Finding("port", "note", f"{where} is taken", "depthq up takes the next free one")
