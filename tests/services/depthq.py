"""Our own processes, as a user's machine runs them: workers and the API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from contract.settings import Settings
from tests.services.forks import Fork, fork
from tests.services.process import ServiceProcess
from tests.waits import PATIENT_S

ROOT = Path(__file__).parents[2]


def environment_of(settings: Settings) -> dict[str, str]:
    """Return `settings` as the DEPTHQ_* variables that a child process reads."""
    variables = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if value is None:
            continue
        if hasattr(value, "get_secret_value"):
            value = value.get_secret_value()
        if isinstance(value, tuple):
            value = ",".join(
                part.get_secret_value() if hasattr(part, "get_secret_value") else part
                for part in value
            )
        variables[f"DEPTHQ_{name.upper()}"] = str(value)
    return variables


class OurProcess(ServiceProcess):
    """`python -m <module>` with the given settings; ready when /readyz says so.

    Within tests it is a fork of a process that has loaded `program`: the same code without a
    second of imports. Tests of `depthq up` start it as a command.
    """

    module = ""
    program = ""  # "": it is no fork
    port_setting = ""

    def __init__(self, settings: Settings, folder: Path, arguments: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self._settings = settings
        self._arguments = arguments

    def command(self) -> list[str]:
        """Return the command that the deployment runs too."""
        return [sys.executable, "-m", self.module, *self._arguments]

    def _launched(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | Fork:
        # A fork would not load a library, nor find the packages of another path.
        alike = environment.get("PYTHONPATH") == os.environ.get("PYTHONPATH")
        if self.program and alike and "LD_PRELOAD" not in environment:
            self.log_path.touch()
            run = [self.module, *self._arguments]
            if forked := fork(self.program, run, environment, self.log_path):
                return forked
        return super()._launched(environment)

    def environment(self) -> Mapping[str, str]:
        """Return the settings as variables."""
        return {
            **environment_of(self._settings),
            "DEPTHQ_LOG_FORMAT": "json",
            f"DEPTHQ_{self.port_setting}": str(self.port),
            "PYTHONPATH": str(ROOT),
        }

    def is_ready(self) -> bool:
        """Tell whether it serves."""
        return self.status("/readyz") == 200

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def status(self, path: str) -> int:
        """Return the status of a GET, 0 without an answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENT_S) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as exc:
            exc.close()
            return exc.code
        except OSError:
            return 0

    def get(self, path: str) -> str:
        """Return the body of a GET."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENT_S) as reply:
            return str(reply.read().decode())

    def log_lines(self) -> list[dict[str, object]]:
        """Return its JSON log lines; lines of other kinds are an error."""
        return [json.loads(line) for line in self.log_path.read_text().splitlines() if line]


class WorkerProcess(OurProcess):
    """`python -m worker --lane …`."""

    name = "worker"
    module = program = "worker"
    port_setting = "METRICS_PORT"

    def __init__(self, settings: Settings, folder: Path, lane: str = "interactive") -> None:
        super().__init__(settings, folder, ("--lane", lane))

    def environment(self) -> Mapping[str, str]:
        """Return the settings as variables; one decoding child, unless they say otherwise."""
        # each costs 0.4 s of CPU to start, and few tests have more pictures than one can decode
        return {"DEPTHQ_DECODE_PROCESSES": "1", **super().environment()}


class ApiProcess(OurProcess):
    """`python -m api`."""

    name = "api"
    module = program = "api"
    port_setting = "PORT"
