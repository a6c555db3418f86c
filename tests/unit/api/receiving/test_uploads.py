"""Uploads on a disk that is full."""

from __future__ import annotations

import errno

import pytest

from api.receiving.uploads import Upload
from contract.errors import StorageUnavailable


class FullDisk:
    """A temporary file that takes nothing, not even its own end."""

    def _refuse(self, *_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write = seek = close = _refuse


def test_a_full_disk_is_the_infrastructures_fault_wherever_it_shows(monkeypatch):
    with Upload(100) as upload:
        upload._spool.close()
        monkeypatch.setattr(upload, "_spool", FullDisk())
        for use in (lambda: upload.write(b"x"), lambda: upload.head(1), upload.reader):
            with pytest.raises(StorageUnavailable):
                use()
    assert upload.size == 0
