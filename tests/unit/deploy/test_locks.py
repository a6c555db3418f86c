"""Each image's lock holds every distribution that its program really imports.

The development environment has more than the images, so a missing line would show in production
only: kombu's Redis transport, for one, imports what kombu does not declare.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "api": ("api.wsgi", "api.front.server", "kombu.transport.redis"),
    "worker": (
        "worker.process.service",
        "worker.tasks",
        "worker.imaging.child",
        "worker.engines.openvino_engine",
        "worker.engines.onnxruntime_engine",
        "kombu.transport.redis",
        "openvino",
        "onnxruntime",
    ),
}
# ourselves, what comes with Python, and what libraries use if it happens to be there
NOT_NEEDED = {"depthq", "pip", "setuptools", "cffi", "cryptography", "greenlet", "pyyaml"}
ASK = """
import importlib, importlib.metadata, json, sys
sys.modules["openvino_telemetry"] = None  # as the engine does
for name in sys.argv[1:]:
    importlib.import_module(name)
owners = importlib.metadata.packages_distributions()
roots = {name.partition(".")[0] for name, module in sys.modules.items() if module}
print(json.dumps(sorted({owner for root in roots for owner in owners.get(root, [])})))
"""


def normal(name: str) -> str:
    """The name as locks spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("room", PROGRAMS)
def test_the_lock_holds_what_the_program_imports(root: Path, room: str) -> None:
    asked = [sys.executable, "-c", ASK, *PROGRAMS[room]]
    answer = subprocess.run(
        asked, cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    imported = {normal(name) for name in json.loads(answer.stdout.splitlines()[-1])}
    locked = set(re.findall(r"(?m)^([\w.-]+)==", (root / f"requirements/{room}.lock").read_text()))
    assert imported - NOT_NEEDED - {normal(name) for name in locked} == set()
