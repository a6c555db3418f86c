"""Copies of videos on a worker's disk, which may be full."""

from __future__ import annotations

import errno
import io

import pytest

from contract.errors import StorageUnavailable, VideoTooLarge
from worker.videos import originals
from worker.videos.originals import Originals


class FullDisk(io.BytesIO):
    """A temporary file that takes nothing, not even its own end."""

    def write(self, *_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        self.write()


class Stream(io.BytesIO):
    """The bytes of a video that lies elsewhere."""


def test_a_full_disk_is_waited_for_and_no_fault_of_the_video(monkeypatch):
    copies, streams = Originals(100), []

    def source():
        streams.append(Stream(b"a video"))
        return streams[-1]

    with monkeypatch.context() as patch:
        patch.setattr(originals.tempfile, "TemporaryFile", FullDisk)
        with pytest.raises(StorageUnavailable, match="No space left"), copies.open("r", source):
            pass
    with copies.open("r", source) as file:  # there is room again
        file.seek(0)
        assert file.read() == b"a video"
    assert [stream.closed for stream in streams] == [True, True]
    copies.close()


def test_a_video_is_copied_once_and_no_further_than_it_may_be_large():
    copies, opened = Originals(7), []

    def source():
        opened.append(1)
        return Stream(b"a video")

    for _ in range(2):
        with copies.open("r", source) as file:
            file.seek(0)
            assert file.read() == b"a video"
    assert opened == [1]
    with pytest.raises(VideoTooLarge), Originals(6).open("r", source):
        pass
    copies.close()
