"""Which tests a test process runs one after the other: a file's, and those with a dear start.

A process that loads torch spends four seconds on it, as much as most of those files take. One that
tests the page starts an API, two workers and two browsers, 12 s of CPU time and 2 GB of memory.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadFileScheduling

TORCH = re.compile(r"tests/integration/worker/(engines|models|weights)/")
PAGE = "tests/e2e/page/"


def scope_of(node_id: str) -> str:
    """Return the name of what is run in one process: the file, `torch`, or `page`."""
    path = node_id.partition("::")[0]
    if path.startswith(PAGE):
        return "page"
    return "torch" if TORCH.match(path) else path


class Scheduling(LoadFileScheduling):
    """Gives whole scopes to test processes."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
