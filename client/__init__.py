"""The Python client and the `depthq` command line: speaks HTTP, reads the files it gets back.

Knows nothing of Redis, S3, engines or Flask; what it runs on this machine it starts as processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from client.dataset import Dataset
    from client.depth_client import DepthClient
    from client.depth_file import DepthMap, read_depth
    from client.job import Job

__all__ = ["Dataset", "DepthClient", "DepthMap", "Job", "read_depth"]

_HOMES = {
    "Dataset": "client.dataset",
    "DepthClient": "client.depth_client",
    "DepthMap": "client.depth_file",
    "Job": "client.job",
    "read_depth": "client.depth_file",
}


def __getattr__(name: str) -> Any:
    """Import the public names on first use, so that `depthq --help` need not load numpy."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(_HOMES[name]), name)
