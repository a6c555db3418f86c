"""A Docker engine of the tests' own, which touches neither the machine's network nor its firewall.

It builds in the machine's network, without bridge and firewall rules, and runs in a network of
its own, where bridge, address translation and published ports are as anywhere. Needs root.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.services.process import ServiceProcess
from tests.services.toolchain import CACHE

PROGRAMS = ("docker", "dockerd", "containerd", "runc", "iptables", "unshare", "debootstrap")
HOME = CACHE / "containers"
STOP_S = 120.0
_CLONE_NEWNET = 0x40000000


def lacking() -> list[str]:
    """Return what this machine lacks to run an engine."""
    programs = [name for name in PROGRAMS if shutil.which(name) is None]
    return programs if os.geteuid() == 0 else ["root", *programs]


class Engine(ServiceProcess):
    """One dockerd; its images stay from run to run, below `HOME`."""

    name = "dockerd"

    def __init__(self, *, isolated: bool) -> None:
        super().__init__(HOME / "engine")
        self._isolated = isolated  # has a network of its own
        self.socket = f"unix://{self.folder}/docker.sock"

    def command(self) -> list[str]:
        """Return the daemon's command: in the way of all else on this machine it comes last."""
        daemon = [
            *("nice", "-n", "15", "dockerd", "--storage-driver", "overlay2"),
            *("--data-root", f"{self.folder}/root", "--exec-root", f"{self.folder}/exec"),
            *("--pidfile", f"{self.folder}/pid", "--host", self.socket),
        ]
        if not self._isolated:
            return [*daemon, "--iptables=false", "--ip6tables=false", "--bridge=none"]
        own = 'ip link set lo up && exec "$@"'
        return ["unshare", "--net", "sh", "-c", own, "sh", *daemon]

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        return (
            subprocess.run(self.words("version"), capture_output=True, check=False).returncode == 0
        )

    def words(self, *words: str) -> list[str]:
        """Return a docker command for this engine."""
        return ["docker", "--host", self.socket, *words]

    def docker(self, *words: str) -> str:
        """Return what `docker words` prints. Raises RuntimeError with what it complains of."""
        return output_of(self.words(*words))

    def stop(self) -> None:
        """End the daemon and all containers; their processes end before it does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_S)
        super().stop()

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """Connections that this thread opens meanwhile are opened in the engine's network."""
        before = Path("/proc/thread-self/ns/net")
        with before.open() as ours, Path(f"/proc/{self.pid}/ns/net").open() as theirs:
            _enter(theirs.fileno())
            try:
                yield
            finally:
                _enter(ours.fileno())


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def output_of(command: list[str], folder: Path | None = None, **variables: str) -> str:
    """Return what a command prints. Raises RuntimeError with the end of what it complains of."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr[-3000:]}{done.stdout[-1000:]}")
    return done.stdout
