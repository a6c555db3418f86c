"""Frames between worker and child: whole, and in as few calls as possible."""

from __future__ import annotations

import os
import threading

import pytest

from worker.imaging import frames
from worker.imaging.frames import without


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_frame_that_fits_wakes_its_reader_once(pipe, monkeypatch):
    reader, writer = pipe
    calls, writev = [], os.writev
    monkeypatch.setattr(frames.os, "writev", lambda *call: calls.append(call) or writev(*call))
    frames.write_all(writer, frames.head_and_meta({"a": 1}, 3), b"", b"xyz")
    assert len(calls) == 1
    assert frames.read_frame(frames.blocking_fill(reader), 100) == ({"a": 1}, b"xyz")


def test_a_frame_that_does_not_fit_is_written_on(pipe):
    reader, writer = pipe
    data = bytes(range(256)) * 4000  # more than a pipe holds
    head = frames.head_and_meta({}, len(data))
    thread = threading.Thread(target=frames.write_all, args=(writer, head, memoryview(data)))
    thread.start()
    assert frames.read_frame(frames.blocking_fill(reader), len(data) + 100) == ({}, data)
    thread.join()


def test_what_is_left_after_some_bytes():
    parts = [memoryview(b"abc"), memoryview(b""), memoryview(b"defg")]
    left = [b"".join(without(parts, count)) for count in range(8)]
    assert left == [b"abcdefg"[count:] for count in range(8)]
    assert without(parts, 7) == []
