"""How many threads the S3 client's own runtime (tokio, in obstore) may have."""

from __future__ import annotations

import os

NAME = "TOKIO_WORKER_THREADS"  # which tokio reads when its runtime is made
CORES_PER_THREAD = 4


def keep_few_io_threads() -> None:
    """Set it, unless an operator has; call it before the first request to S3.

    By default there is one for each core, and each request moves between them: on two cores
    one thread costs 15 % less CPU per request and a third fewer switches (docs/decisions/0166).
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    os.environ.setdefault(NAME, str(max(1, cores // CORES_PER_THREAD)))
