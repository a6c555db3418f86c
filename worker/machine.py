"""The resources of this process: cores by affinity and by cgroup quota."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def cores_given(cgroups: Path = CGROUPS, own_cgroup: Path = OWN_CGROUP) -> int:
    """Return how many cores this process may use at once, at least 1.

    `os.cpu_count()` would name the machine's, and twice too many threads are slower than too few.
    """
    cores = float(len(os.sched_getaffinity(0)))
    for quota in _quotas(cgroups, own_cgroup):
        cores = min(cores, quota)
    return max(1, math.ceil(cores))


def memory_used() -> int:
    """Return the resident memory of this process, in bytes; 0 where the system does not tell."""
    words = _read(Path("/proc/self/statm")).split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") if len(words) > 1 else 0


def processor(info: Path = Path("/proc/cpuinfo")) -> str:
    """Return maker, family, model and name of the processor; empty where the system does not tell.

    All of them, since clouds give one name to processors of different kinds.
    """
    wanted = ("vendor_id", "cpu family", "model", "model name")
    first = _read(info).partition("\n\n")[0]
    pairs = dict(line.partition(":")[::2] for line in first.splitlines())
    named = {name.strip(): value.strip() for name, value in pairs.items()}
    return " ".join(named[name] for name in wanted if name in named)


def machine_id(boot_id: Path = BOOT_ID) -> str:
    """Return a name that all processes of this machine share, also those in other containers.

    Host names do not serve: every container has its own.
    """
    return _read(boot_id) or socket.gethostname()


def _quotas(cgroups: Path, own_cgroup: Path) -> Iterator[float]:
    """Yield the CPU quota, in cores, of our cgroup and of those around it (versions 2 and 1)."""
    for line in _read(own_cgroup).splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            yield from _upwards(cgroups, path, _quota_v2)
        elif "cpu" in controllers.split(","):
            yield from _upwards(cgroups / "cpu", path, _quota_v1)


def _upwards(root: Path, path: str, quota: Callable[[Path], Iterator[float]]) -> Iterator[float]:
    # In a container the path may be the host's and not exist; then the cgroup root is this
    # container's.
    folder = root / path.lstrip("/")
    while True:
        yield from quota(folder)
        if folder in (root, folder.parent):
            return
        folder = folder.parent


def _quota_v2(folder: Path) -> Iterator[float]:
    words = _read(folder / "cpu.max").split()
    if len(words) == 2 and words[0] != "max":
        yield int(words[0]) / int(words[1])


def _quota_v1(folder: Path) -> Iterator[float]:
    quota, period = (_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    if quota and period and int(quota) > 0:
        yield int(quota) / int(period)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:  # no cgroups here, or not this version
        return ""
