"""What the service accepted, noted by the test alone, in a file that no fault touches."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Accepted:
    """One 202: the job's id, which image it was, and when."""

    id: str
    image: str
    at: float


class Ledger:
    """Appends each 202 to a file before it counts as accepted. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.touch()

    def note(self, job_id: str, image: str) -> None:
        """Note a 202."""
        line = json.dumps(asdict(Accepted(job_id, image, time.monotonic())))
        with self._lock, self._path.open("a") as file:
            file.write(line + "\n")

    def accepted(self) -> list[Accepted]:
        """Return all that was noted."""
        return [Accepted(**json.loads(line)) for line in self._path.read_text().splitlines()]
