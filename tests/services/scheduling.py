"""Which tests a test process runs one after the other: a file's, and those with a dear start.

A process that loads torch spends four seconds on it, as much as most of those files take. One that
tests the page starts an API, two workers and two browsers, 12 s of CPU time and 2 GB of memory;
one that tests a running service starts its API and workers once, 3 to 6 s.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadFileScheduling

TORCH = re.compile(r"tests/integration/worker/(engines|models|weights)/")
# Folders whose tests share what their `conftest.py` starts.
SHARING = re.compile(r"tests/(?:e2e|integration/api)/(bulk|page|schema|service)/")


def scope_of(node_id: str) -> str:
    """Return the name of what is run in one process: the file, `torch`, or a sharing folder."""
    path = node_id.partition("::")[0]
    if shared := SHARING.match(path):
        return shared[1]
    return "torch" if TORCH.match(path) else path


class Scheduling(LoadFileScheduling):
    """Gives whole scopes to test processes."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
