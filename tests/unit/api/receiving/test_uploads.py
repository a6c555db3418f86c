"""Uploads: in memory while they are small, then on a disk, which may be full."""

from __future__ import annotations

import errno
import hashlib
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments

from api.front.parser import Parser
from api.receiving import uploads
from api.receiving.uploads import Upload
from contract.errors import StorageUnavailable


class FullDisk:
    """A temporary file that takes nothing, not even its own end."""

    def _refuse(self, *_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write = seek = close = _refuse


def test_a_full_disk_is_the_infrastructures_fault_wherever_it_shows(monkeypatch):
    monkeypatch.setattr(uploads, "IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(uploads, "TemporaryFile", FullDisk)
    with Upload(100) as upload:
        with pytest.raises(StorageUnavailable):
            upload.write(b"x")
        for use in (lambda: upload.head(1), upload.content):
            with pytest.raises(
                StorageUnavailable, match="disk for uploads is full; try again later"
            ):
                use()
    assert upload.size == 0


def test_a_full_disk_is_told_alike_before_and_within_the_application():
    parser = Parser(Adjustments())
    parser.body_rcv = SimpleNamespace(getbuf=lambda: FullDisk(), received=FullDisk()._refuse)
    parser.headers_finished, parser.content_length = True, 5
    parser.received(b"12345")
    assert (parser.error.code, parser.error.body) == (503, uploads.DISK_FULL)


def test_a_small_file_is_bytes_and_a_large_one_a_file(monkeypatch):
    monkeypatch.setattr(uploads, "IN_MEMORY_BYTES", 4)
    with Upload(100) as upload:
        upload.write(b"ab")
        upload.write(b"cd")
        assert (upload.content(), upload.head(3), upload.size) == (b"abcd", b"abc", 4)
        upload.write(b"efg")
        file = upload.content()
        assert (file.read(), upload.head(5), upload.size) == (b"abcdefg", b"abcde", 7)
        assert upload.sha256 == hashlib.sha256(b"abcdefg").hexdigest()
    assert file.closed
