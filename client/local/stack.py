"""The whole service on this machine: Redis, API, one worker per lane, as child processes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx2

from client.errors import LocalProblem
from client.local import local_redis, ports, redis_probe
from client.local.folder_lock import lock_folder
from client.local.processes import Child, api_command, worker_command
from client.local.supervisor import Supervisor
from contract.addresses import local_url
from contract.names.queues import Lane
from contract.settings import Settings, environment
from contract.startup import WRONG_SETTINGS

API, REDIS = "api", "redis"
MOST_DEATHS = 3  # a child that has died this often before the stack was ready will not recover
DRAIN_S, STOP_S = 45.0, 10.0
START_S = 180.0  # the first start converts and compiles the model


@dataclass(frozen=True)
class Plan:
    """Where the stack runs and what belongs to it."""

    settings: Settings
    port_chosen: bool = False
    lanes: Sequence[Lane] = (Lane.INTERACTIVE, Lane.BULK)
    alone: bool = False  # keep away from the Redis and the bucket that the environment names


class LocalStack:
    """Starts, watches and stops the children. All methods belong to the main thread.

    `say(sentence)` gets what happens to the stack, `on_line(name, line)` what children print.
    """

    def __init__(
        self,
        plan: Plan,
        say: Callable[[str], None],
        on_line: Callable[[str, str], None],
    ) -> None:
        self._plan = plan
        self._say = say
        self._on_line = on_line
        self._supervisor = Supervisor(say)
        self._last_lines: dict[str, deque[str]] = {}
        self._lock: IO[str] | None = None
        self._http = httpx2.Client(trust_env=False, timeout=5)
        self.host = plan.settings.host
        self.port = self._choose_port()

    @property
    def url(self) -> str:
        """The address for people and clients on this machine."""
        return local_url(self.host, self.port)

    def start(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Start everything; LocalProblem if that is impossible. Call `stop` in any case."""
        data_dir = self._plan.settings.data_dir.absolute()
        self._lock = lock_folder(data_dir)
        redis_url = self._start_redis(data_dir, stopping)
        if stopping():
            return
        variables = self._environment(redis_url, data_dir)
        self._start(API, api_command(), variables)
        for number, lane in enumerate(self._plan.lanes):
            metrics = _metrics_port(self._plan.settings.metrics_port, number)
            self._start(lane.value, worker_command(lane), variables | metrics)

    def _choose_port(self) -> int:
        wanted = self._plan.settings.port or ports.any_free(self.host)
        if ports.is_free(self.host, wanted):
            return wanted
        if self._plan.port_chosen:
            raise LocalProblem(
                f"port {wanted} is taken: stop what listens there, or choose another with --port"
            )
        port = ports.next_free(self.host, wanted + 1)
        self._say(f"port {wanted} is taken, so this is on {port}")
        return port

    def _start_redis(self, data_dir: Path, stopping: Callable[[], bool]) -> str:
        settings = self._plan.settings
        if "redis_url" in settings.model_fields_set and not self._plan.alone:
            if problem := redis_probe.answers(settings.redis_url, ca_file=settings.redis_ca_file):
                raise LocalProblem(f"the Redis of DEPTHQ_REDIS_URL does not answer: {problem}")
            return settings.redis_url
        redis = local_redis.LocalRedis.prepare(data_dir / "redis")
        self._start(REDIS, redis.command, environment())
        self._await(lambda: redis_probe.answers(redis.url) is None, 60, "Redis", stopping)
        return redis.url

    def _environment(self, redis_url: str, data_dir: Path) -> dict[str, str]:
        changes: dict[str, object] = {
            "redis_url": redis_url,
            "data_dir": data_dir,
            "host": self.host,
            "port": self.port,
        }
        if self._plan.settings.log_format == "auto":
            changes["log_format"] = "text"  # the children write to a pipe, a person reads it
        if self._plan.alone:
            changes["s3_bucket"] = None
        return environment(**changes) | {"PYTHONUNBUFFERED": "1"}

    def _start(self, name: str, command: Sequence[str], variables: dict[str, str]) -> None:
        self._last_lines[name] = deque(maxlen=12)
        self._supervisor.start(Child(name, command, variables, self._hear))

    def _hear(self, name: str, line: str) -> None:
        if not line.strip() or (name == REDIS and any(n in line for n in local_redis.NOISE)):
            return
        self._last_lines[name].append(line)
        self._on_line(name, line)

    def await_ready(self, stopping: Callable[[], bool], timeout_s: float = START_S) -> bool:
        """Wait until jobs can be submitted and are worked on; False if `stopping` came first."""
        return self._await(self.is_ready, timeout_s, "the service", stopping)

    def is_ready(self) -> bool:
        """Ask /readyz whether jobs are accepted and a worker waits for them.

        Raises LocalProblem if the disk is too full: waiting would not help.
        """
        try:
            answer = self._http.get(f"{self.url}/readyz")
            readiness = answer.json()
        except (httpx2.TransportError, ValueError):
            return False
        _check_room(readiness)
        return answer.status_code == 200 and _has_worker(readiness)

    def _await(
        self,
        reached: Callable[[], bool],
        timeout_s: float,
        what: str,
        stopping: Callable[[], bool] = lambda: False,
    ) -> bool:
        ends_at = time.monotonic() + timeout_s
        while not reached():
            if stopping():
                return False
            self._check_deaths()
            if time.monotonic() > ends_at:
                raise LocalProblem(f"{what} was not ready within {timeout_s:g} s")
            self.restart_dead()
            time.sleep(0.1)
        return True

    def _check_deaths(self) -> None:
        for name, lines in self._last_lines.items():
            hopeless = self._supervisor.last_code(name) == WRONG_SETTINGS
            if hopeless or self._supervisor.deaths(name) >= MOST_DEATHS:
                said = "\n".join(f"  {line}" for line in lines)
                raise LocalProblem(f"{name} keeps ending before it is ready. It last said:\n{said}")

    def restart_dead(self) -> None:
        """Restart dead children, when their pause is over."""
        self._supervisor.restart_dead()

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> bool:
        """Stop the API, let the workers finish what they hold, then stop Redis.

        Returns whether everything ended by itself. Safe to call whatever has been started.
        """
        clean = self._supervisor.stop([API], STOP_S, hurry)
        lanes = [lane.value for lane in self._plan.lanes]
        clean &= self._supervisor.stop(lanes, DRAIN_S, hurry)
        clean &= self._supervisor.stop([REDIS], STOP_S, hurry)
        self._http.close()
        if self._lock is not None:
            self._lock.close()
        return clean


def _metrics_port(first: int, number: int) -> dict[str, str]:
    """Give each worker on this machine a port of its own, if they are to have any."""
    return {"DEPTHQ_METRICS_PORT": str(first + number)} if first else {}


def _check_room(readiness: dict[str, Any]) -> None:
    room = (readiness.get("checks") or {}).get("room") or {"ok": True}
    if not room["ok"]:
        raise LocalProblem(
            f"{room['detail']}\nFree some, set DEPTHQ_DATA_DIR, or raise DEPTHQ_MAX_DISK_SHARE."
        )


def _has_worker(readiness: dict[str, Any]) -> bool:
    workers = readiness.get("workers") or []
    return any(w["ready"] and w["lane"] == Lane.INTERACTIVE.value for w in workers)
