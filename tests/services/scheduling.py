"""Which tests a test process runs one after the other: a file's, and those that load torch.

A process that loads torch spends four seconds on it, as much as most of those files take.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadFileScheduling

TORCH = re.compile(r"tests/integration/worker/(engines|models|weights)/")


def scope_of(node_id: str) -> str:
    """Return the name of what is run in one process: the file, or `torch`."""
    path = node_id.partition("::")[0]
    return "torch" if TORCH.match(path) else path


class Scheduling(LoadFileScheduling):
    """Gives whole scopes to test processes."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
