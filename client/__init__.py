"""The Python client and the `depthq` command line: speaks HTTP, reads the files it gets back.

Knows nothing of Redis, S3, engines or Flask; what it runs on this machine it starts as processes.
Programs import the public names from `depthq`; here they are deprecated and go with version 0.2.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is loaded by what is imported, not before it
if TYPE_CHECKING:
    from typing import Any

_MOVED = {
    "Dataset": "client.dataset",
    "DepthClient": "client.depth_client",
    "DepthMap": "client.depth_file",
    "Job": "client.job",
    "read_depth": "client.depth_file",
}


def __getattr__(name: str) -> Any:
    """Return a public name by its old place, with a DeprecationWarning."""
    import warnings
    from importlib import import_module

    if name not in _MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    message = f"`from client import {name}` ends with depthq 0.2: use `from depthq import {name}`"
    warnings.warn(message, DeprecationWarning, stacklevel=2)
    return getattr(import_module(_MOVED[name]), name)
