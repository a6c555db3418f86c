"""A machine without disk, open files, memory or processes: work waits, no input is blamed."""

from __future__ import annotations

import errno
import io
import os
import subprocess
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from contract.errors import DecoderCrashed, InternalError, StorageUnavailable
from contract.immediate import Ask
from contract.items import Item
from contract.jobs import JobRecord
from contract.options import JobOptions
from runtime.shortage import is_shortage
from tests.integration.storage.records import make_record
from tests.open_files import open_files
from worker.attempts.metrics import StageClock
from worker.confine.forks import Forks
from worker.datasets.items import ItemRunner, ItemTask
from worker.imaging.pool import ChildPool
from worker.immediate.answer import Answerer
from worker.jobs.failures import Failures
from worker.outputs.voices import espeak_voice
from worker.runs.step_runner import StepRunner
from worker.videos.decode import process
from worker.videos.decode.ask import Ask as VideoAsk
from worker.videos.decode.ask import DecodeLimits

SHORT = [errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN]


def refusing(number: int) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", SHORT)
def test_what_runs_short_is_told_from_what_a_file_does(number: int) -> None:
    assert is_shortage(OSError(number, "x"))
    assert not is_shortage(OSError(errno.ENOENT, "x"))
    assert not is_shortage(OSError("what bz2 says of damage"))
    assert not is_shortage(ValueError("x"))


@pytest.mark.parametrize("number", SHORT)
def test_an_item_is_left_undecided(number: int) -> None:
    fetcher = SimpleNamespace(fetch=lambda item, owner: b"image")
    layout = SimpleNamespace(existing=lambda item_id: None)
    runner = ItemRunner(fetcher, refusing(number), "tester", max_attempts=3)
    with pytest.raises(StorageUnavailable, match="too little for now"):
        runner.run(Item(id="0" * 32, uri="s3://b/a.jpg"), ItemTask(JobOptions(), layout))


@pytest.mark.parametrize("number", SHORT)
def test_a_job_is_given_back_and_its_attempt_is_not_counted(number: int) -> None:
    released: list[bool] = []

    def release(_id: str, _attempt: int, *, counted: bool) -> bool:
        released.append(counted)
        return True

    failures = Failures(None, SimpleNamespace(release=release), None, max_attempts=1)
    record: JobRecord = make_record()
    with failures.settled(record, StageClock()):
        refusing(number)()
    assert released == [False]


@pytest.mark.parametrize("number", SHORT)
def test_a_step_of_long_work_is_given_back_and_no_crash_is_counted(number: int) -> None:
    released: list[bool] = []
    claim = SimpleNamespace(outcome="taken", record=make_record(), crashes=0, died_at=())
    ledger = SimpleNamespace(
        claim=lambda *_: claim, release=lambda step, *, counted: released.append(counted)
    )
    held = SimpleNamespace(lost=False, canceled=False)
    leases = SimpleNamespace(lease_s=10.0, hold=lambda step: nullcontext(held))
    runner = StepRunner(ledger, leases, None, "tester")
    runner.run("a-run", "plan", lambda claimed: refusing(number)())
    assert released == [False]


def test_depth_at_once_says_to_come_back() -> None:
    computer = SimpleNamespace(compute=refusing(errno.EMFILE))
    ask = Ask(
        id="a", answer_to="b", asked_at=0.0, deadline_at=2e10, model="midas_small", options={}
    )
    reply, data = Answerer(computer, 100).answer(ask, b"image", 0.0)
    assert (reply.error.code, reply.error.retryable, data) == ("storage_unavailable", True, b"")


def test_a_decoding_process_that_finds_no_room_is_waited_for() -> None:
    pool = ChildPool(refusing(errno.EAGAIN), size=1, retire_after=10)
    with pytest.raises(StorageUnavailable, match="too little"), pool.borrow():
        pass
    broken = ChildPool(refusing(errno.ENOEXEC), size=1, retire_after=10)
    with pytest.raises(DecoderCrashed), broken.borrow():
        pass


def test_a_voice_that_finds_no_room_is_waited_for(monkeypatch) -> None:
    monkeypatch.setattr(espeak_voice.shutil, "which", lambda _: "/bin/true")
    monkeypatch.setattr(espeak_voice.subprocess, "run", refusing(errno.ENOMEM))
    with pytest.raises(StorageUnavailable, match="too little"):
        espeak_voice.speak("深度")
    monkeypatch.setattr(espeak_voice.subprocess, "run", refusing(errno.ENOEXEC))
    with pytest.raises(InternalError, match="did not speak"):
        espeak_voice.speak("深度")


def test_a_video_process_that_cannot_start_leaves_no_file_open(monkeypatch, tmp_path) -> None:
    pytest.importorskip("av")
    video, limits = tmp_path / "video", DecodeLimits(1 << 28, 5.0, 1 << 20)
    video.write_bytes(b"x")
    monkeypatch.setattr(subprocess, "Popen", refusing(errno.EMFILE))
    monkeypatch.setattr(process, "_forks", Forks("worker.videos.decode.child", {}))
    with video.open("rb") as file:
        before = open_files()
        for _ in range(3):
            with pytest.raises(OSError, match="Too many open files"):
                list(process.answers(file, VideoAsk("scan", limits, max_frames=1), 1 << 16))
        assert open_files() - before == set()


def test_an_index_waits_for_a_disk_with_room(monkeypatch) -> None:
    pytest.importorskip("pyarrow")
    from worker.datasets import index
    from worker.runs import scratch

    monkeypatch.setattr(scratch.tempfile, "TemporaryFile", refusing(errno.ENOSPC))
    with pytest.raises(StorageUnavailable, match="No space left"), index.open_index():
        pass
    monkeypatch.setattr(scratch.tempfile, "TemporaryFile", io.BytesIO)
    with index.open_index() as writer:
        assert writer.finish() is not None
