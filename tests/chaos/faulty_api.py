"""`python -m tests.chaos.faulty_api`: our API with traps between each two of its writes."""

from __future__ import annotations

import sys

from api.__main__ import main
from api.dispatch import CeleryDispatch
from api.jobs import accept
from storage.jobs.letter import NO_LETTER
from storage.jobs.store import JobStore
from storage.objects.filesystem import FilesystemStore
from storage.objects.s3_lean import LeanS3Store
from tests.chaos import traps


def lay_traps() -> None:
    """Put a trap before each write of a job's acceptance, and before its answer."""
    LeanS3Store.put = traps.before("put", LeanS3Store.put)
    FilesystemStore.put = traps.before("put", FilesystemStore.put)
    JobStore.create = traps.before("create", JobStore.create)
    CeleryDispatch.enqueue = traps.before("enqueue", CeleryDispatch.enqueue)
    # record and message in two steps, as after a restored record, so that a trap fits between
    CeleryDispatch.letter = lambda *_: NO_LETTER
    keep = accept._keep

    def keep_then_die(*args, **kwargs):
        record = keep(*args, **kwargs)
        traps.spring("reply")
        return record

    accept._keep = keep_then_die


if __name__ == "__main__":
    lay_traps()
    sys.exit(main())
