"""depthq for Python programs: `DepthClient` for a service, `DepthEstimator` without one.

from depthq import DepthClient, DepthEstimator, read_depth
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from client.async_client import AsyncDepthClient
    from client.dataset import Dataset
    from client.depth_client import DepthClient
    from client.depth_file import DepthMap, read_depth
    from client.job import Job
    from client.wire.depth_calls import DepthNow
    from client.wire.retries import RetryPolicy
    from contract.errors import DepthqError
    from worker.estimator.depth import Depth
    from worker.estimator.estimator import DepthEstimator

__all__ = [
    "AsyncDepthClient",
    "Dataset",
    "Depth",
    "DepthClient",
    "DepthEstimator",
    "DepthMap",
    "DepthNow",
    "DepthqError",
    "Job",
    "RetryPolicy",
    "read_depth",
]

_MODULES = {
    "AsyncDepthClient": "client.async_client",
    "Dataset": "client.dataset",
    "Depth": "worker.estimator.depth",
    "DepthClient": "client.depth_client",
    "DepthEstimator": "worker.estimator.estimator",
    "DepthMap": "client.depth_file",
    "DepthNow": "client.wire.depth_calls",
    "DepthqError": "contract.errors",
    "Job": "client.job",
    "RetryPolicy": "client.wire.retries",
    "read_depth": "client.depth_file",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import depthq` loads nothing else."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
